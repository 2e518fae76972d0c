"""A text under edit: lines are replaced, put in and taken out; every other byte stays."""

from __future__ import annotations

from collections.abc import Iterable

from coachsync import contentline
from coachsync.contentline import Component, Line


class Sheet:
    """The content lines of a text by position, and what becomes of them. Positions stay those of the text read.

    Raises contentline.Malformed.
    """

    def __init__(self, text: str) -> None:
        self.lines = contentline.parse(text)
        self.components = contentline.components(self.lines)
        self._instead: dict[int, str] = {}
        self._after: dict[int, list[str]] = {}

    def own(self, component: Component, name: str) -> list[int]:
        """The positions of a component's properties of this name."""
        return [at for at in contentline.own_positions(component) if self.lines[at].name == name]

    def line(self, component: Component, name: str) -> Line | None:
        """The component's first property of this name, as it was read."""
        return next((self.lines[at] for at in self.own(component, name)), None)

    def set(self, at: int, value: str) -> None:
        """Give the property at this position another value; name, parameters and line break stay."""
        line = self.lines[at]
        if value != line.value:
            logical = contentline.unfold(line.raw)
            self._instead[at] = _physical(logical[: len(logical) - len(line.value)] + value, line)

    def take_out(self, positions: Iterable[int]) -> None:
        """Leave these lines out."""
        self._instead |= dict.fromkeys(positions, "")

    def put_after(self, at: int, *logical: str) -> None:
        """Put content lines after this one, with its line break."""
        self._after.setdefault(at, []).extend(_physical(one, self.lines[at]) for one in logical)

    def copy_after(self, at: int, text: str) -> None:
        """Put physical text after this line."""
        self._after.setdefault(at, []).append(text)

    def append(self, component: Component, logical: str) -> None:
        """Put a content line last among the component's own properties."""
        own = contentline.own_positions(component)
        self.put_after(own[-1] if own else component.first, logical)

    def touched(self, component: Component) -> bool:
        """Whether anything inside the component changed."""
        inside = range(component.first, component.last)
        return any(at in inside for at in (*self._instead, *self._after))

    def is_out(self, at: int) -> bool:
        """Whether this line was left out."""
        return self._instead.get(at) == ""

    def text(self) -> str:
        """The text as it now is."""
        written = []
        for at, line in enumerate(self.lines):
            written += [self._instead.get(at, line.raw), *self._after.get(at, ())]
        return "".join(written)


def _physical(logical: str, beside: Line) -> str:
    line_break = "\r\n" if beside.raw.endswith("\r\n") else "\n"
    return contentline.fold(logical).replace("\r\n", line_break)
