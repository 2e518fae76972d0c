"""A proxy before a real server that can be told to spoil an answer, to lose it, or to do something at that moment."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from urllib.parse import urlsplit

from davscript import asked_token, error
from servers import Recorder, Reply, Request

Fault = Callable[[Request, Callable[[], Reply]], Reply]  # may ask the real server, once, by calling its second argument
_RESPONSE = re.compile(rb"<((?:\w+:)?)response>.*?</\1response>", re.S)


class Saboteur(Recorder):
    """Passes everything on, unless there is a fault."""

    def __init__(self, upstream: str) -> None:
        self.fault: Fault | None = None
        super().__init__(upstream)

    def _pass(self, request: Request) -> Reply:
        plain = {name: value for name, value in request.headers.items() if name.lower() != "accept-encoding"}
        forward = partial(super()._pass, replace(request, headers=plain))  # a packed answer cannot be spoilt with care
        return forward() if self.fault is None else self.fault(request, forward)

    @property
    def writes(self) -> list[str]:
        """The methods of all requests that would change something on the server."""
        return [method for method in self.methods if method not in ("OPTIONS", "PROPFIND", "REPORT", "GET", "HEAD")]


def lost(request: Request, forward: Callable[[], Reply]) -> Reply:
    """The connection is dropped without a word."""
    return Reply(raw=b"")


def only_below(url: str, fault: Fault) -> Fault:
    """The fault, for one calendar; everything else is passed on."""
    path = urlsplit(url).path

    def chosen(request: Request, forward: Callable[[], Reply]) -> Reply:
        return fault(request, forward) if urlsplit(request.path).path.startswith(path) else forward()

    return chosen


def not_there(request: Request, forward: Callable[[], Reply]) -> Reply:
    return Reply(404)


def cut_in_the_middle(request: Request, forward: Callable[[], Reply]) -> Reply:
    """A whole HTTP answer whose XML ends half-way through."""
    return _spoilt_listing(request, forward, lambda body: body[: len(body) // 2])


def half_left_out(request: Request, forward: Callable[[], Reply]) -> Reply:
    """A listing in perfect order that names every second object only."""
    return _spoilt_listing(request, forward, _every_second)


def broken_off(request: Request, forward: Callable[[], Reply]) -> Reply:
    """The connection ends before the body does."""
    reply = forward()
    return Reply(reply.status, reply.body[:-40], reply.headers, announced=len(reply.body))


def _spoilt_listing(request: Request, forward: Callable[[], Reply], spoil: Callable[[bytes], bytes]) -> Reply:
    """What the server lists, spoilt; a question for the changes alone is refused, so that all must be listed."""
    if asked_token(request):
        return error(403, "valid-sync-token")
    reply = forward()
    if request.method != "REPORT" or reply.status != 207:
        return reply
    return Reply(reply.status, spoil(reply.body), reply.headers)


def _every_second(body: bytes) -> bytes:
    number = count()
    spoilt = _RESPONSE.sub(lambda found: found.group() if next(number) % 2 else b"", body)
    assert spoilt != body
    return spoilt


def lying(request: Request, forward: Callable[[], Reply]) -> Reply:
    """A question for the changes is answered with a new token and none of them: they are never told again."""
    reply = forward()
    if not asked_token(request) or reply.status != 207:
        return reply
    return Reply(reply.status, _RESPONSE.sub(b"", reply.body), reply.headers)


def somebody_elses(front: Saboteur, ours: str, theirs: str, login: str) -> Fault:
    """Whoever asks for the calendar at the path `ours` is given the one at `theirs`, with the right to see it."""

    def swapped(request: Request, forward: Callable[[], Reply]) -> Reply:
        if not urlsplit(request.path).path.startswith(ours):
            return forward()
        headers = {name: value for name, value in request.headers.items() if name.lower() != "accept-encoding"}
        body = request.body.replace(ours.encode(), theirs.encode())
        headers |= {"Authorization": login, "Content-Length": str(len(body))}
        reply = Recorder._pass(
            front, replace(request, path=request.path.replace(ours, theirs), headers=headers, body=body)
        )
        return Reply(reply.status, reply.body.replace(theirs.encode(), ours.encode()), reply.headers)

    return swapped
