"""What can go wrong on the way to a calendar server, drawn request by request from a seed.

A `Mischief` is a fault for a `Saboteur`: it lets some requests pass and spoils others in every way a network, a proxy
or a server in trouble does, and counts what it did.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from faults import Fault, lost
from servers import Reply, Request

Forward = Callable[[], Reply]
CHALLENGE = {"WWW-Authenticate": 'Basic realm="Radicale - Password Required"'}
ELSEWHERE = "http://elsewhere.invalid/"


def lost_after(request: Request, forward: Forward) -> Reply:
    """The server did what it was asked, and nobody hears of it."""
    forward()
    return Reply(raw=b"")


def cut_short(request: Request, forward: Forward, part: float = 0.5) -> Reply:
    """The answer ends too early, and its head says that this is all of it."""
    reply = forward()
    return replace(reply, body=reply.body[: int(len(reply.body) * part)])


def torn(request: Request, forward: Forward, part: float = 0.5) -> Reply:
    """The connection ends before the body does."""
    reply = forward()
    kept = reply.body[: int(len(reply.body) * part)]
    return replace(reply, body=kept, announced=len(reply.body)) if reply.body else Reply(raw=b"")


def twice(request: Request, forward: Forward) -> Reply:
    """The answer comes two times on a connection that stays open: the second could pass for the next one's."""
    return replace(forward(), copies=2)


def late(request: Request, forward: Forward, seconds: float) -> Reply:
    return replace(forward(), delay=seconds)


def answers(status: int, headers: Mapping[str, str] | None = None) -> Fault:
    """This status, and the server never hears of the request."""
    return lambda request, forward: Reply(status, b"no", headers or {})


def fails_after(status: int) -> Fault:
    """The server did what it was asked, and something in front of it says otherwise."""

    def fault(request: Request, forward: Forward) -> Reply:
        forward()
        return Reply(status, b"no")

    return fault


def circle(request: Request, forward: Forward) -> Reply:
    return Reply(307, b"", {"Location": request.path})


def seeded_faults(draw: random.Random, patience: float, retry_after: int) -> dict[str, Fault]:
    """Every kind of fault by its name; the client gives up after `patience` seconds, and is told to come back after
    `retry_after`."""
    return {
        "lost before": lost,
        "lost after": lost_after,
        "late": lambda request, forward: late(request, forward, draw.uniform(0, patience / 4)),
        "too late": partial(late, seconds=patience * 1.2),
        "cut short": lambda request, forward: cut_short(request, forward, draw.random()),
        "torn": lambda request, forward: torn(request, forward, draw.random()),
        "twice": twice,
        "401": answers(401, CHALLENGE),
        **{str(status): answers(status) for status in (403, 404, 409, 412, 413, 423, 500, 507)},
        "429": answers(429, {"Retry-After": str(retry_after)}),
        "503": answers(503, {"Retry-After": str(retry_after)}),
        "500 after": fails_after(500),
        "502 after": fails_after(502),
        "circle": circle,
        "elsewhere": answers(302, {"Location": ELSEWHERE}),
    }


@dataclass
class Mischief:
    """A fault that draws what to do for each request.

    `rate` is the part of the requests that is spoilt; `weights` says how often a kind is drawn (1 where it says
    nothing). `outage` and `heal` begin and end a time in which every connection is dropped.
    """

    seed: int
    rate: float = 0.2
    patience: float = 10.0
    retry_after: int = 1
    weights: Mapping[str, float] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    passed: int = 0

    def __post_init__(self) -> None:
        self._draw = random.Random(self.seed)
        self._lock = threading.Lock()
        self._out_until = 0.0
        self.kinds = seeded_faults(self._draw, self.patience, self.retry_after)
        assert set(self.weights) <= set(self.kinds)

    def outage(self, seconds: float) -> None:
        self._out_until = time.monotonic() + seconds

    def heal(self) -> None:
        """No more faults from now on."""
        self.rate, self._out_until = 0.0, 0.0

    def __call__(self, request: Request, forward: Forward) -> Reply:
        name = self._chosen()
        return forward() if name is None else self.kinds[name](request, forward)

    def _chosen(self) -> str | None:
        with self._lock:
            if time.monotonic() < self._out_until:
                self.done["outage"] += 1
                return "lost before"
            if self._draw.random() >= self.rate:
                self.passed += 1
                return None
            names = list(self.kinds)
            (name,) = self._draw.choices(names, [self.weights.get(name, 1.0) for name in names])
            self.done[name] += 1
            return name
