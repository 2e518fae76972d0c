"""A reader of Python packages: who is there, what each module imports and which names it uses. Nothing is imported."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


def within(name: str, parts: tuple[str, ...]) -> bool:
    """Whether the dotted name is one of the parts or below one; "" is the top of the package itself, not all of it."""
    return any(name == part or (part and name.startswith(f"{part}.")) for part in parts)


@dataclass(frozen=True)
class Module:
    """One source file: its dotted name below coachsync ("" for coachsync itself), its text, and who else there is."""

    name: str
    text: str
    package: bool
    everyone: frozenset[str]

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> tuple[tuple[str, int], ...]:
        """Full dotted names of the modules imported, wherever in the file, with their lines."""
        return tuple(self._imports())

    def _imports(self) -> Iterator[tuple[str, int]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                origin = self._origin(node)
                for alias in node.names:
                    full = f"{origin}.{alias.name}"
                    yield (full if inside(full) in self.everyone else origin), node.lineno

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        here = f"coachsync.{self.name}".rstrip(".").split(".")
        above = here[: len(here) - node.level + self.package]
        return ".".join([*above, *([node.module] if node.module else [])])

    @cached_property
    def uses(self) -> tuple[tuple[str, int], ...]:
        """Dotted names that are used, imported names and aliases resolved: `dt.now` gives `datetime.datetime.now`."""
        known = {name: name for name in dir(builtins)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    known[alias.asname or alias.name.split(".")[0]] = (
                        alias.name if alias.asname else alias.name.split(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom):
                known |= {alias.asname or alias.name: f"{self._origin(node)}.{alias.name}" for alias in node.names}
        return tuple(
            (dotted, node.lineno)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Name | ast.Attribute) and (dotted := spelled(node, known))
        )


def spelled(node: ast.expr, known: dict[str, str]) -> str:
    """The dotted name of `a.b.c`; what stands before it may be any expression, written "?"."""
    if isinstance(node, ast.Attribute):
        return f"{spelled(node.value, known) or '?'}.{node.attr}"
    return known.get(node.id, f"?{node.id}") if isinstance(node, ast.Name) else ""


def inside(full: str) -> str | None:
    """`coachsync.sync.plan` -> `sync.plan`, `coachsync` -> ``; None for anything that is not ours."""
    if full == "coachsync":
        return ""
    return full.removeprefix("coachsync.") if full.startswith("coachsync.") else None


def house(root: Path) -> tuple[Module, ...]:
    """Every module below the package folder `root`."""
    named = {}
    for path in sorted(root.rglob("*.py")):
        words = list(path.relative_to(root).with_suffix("").parts)
        package = words[-1] == "__init__"
        named[".".join(words[:-1] if package else words)] = (path.read_text(encoding="utf-8"), package)
    return tuple(Module(name, text, package, frozenset(named)) for name, (text, package) in named.items())
