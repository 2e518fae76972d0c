"""Sentences that escape translation, found in source with `ast`: text with words where a person will read it.

What is handed to a person must have gone through `say` or `say_count`, with literal patterns that name their values.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

SAYING = ("say", "say_count")
ERRORS = (
    "CoachsyncError", "UsageError", "NotInitialised", "WrongKey", "Temporary", "Refused", "Misconfigured", "NotThere",
    "ObjectsRefused", "Stale",
)  # fmt: skip
# Where a call takes sentences: the positions of its arguments.
PLACES: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(ERRORS, (1, 2)),
    "Problem": (2, 3, 4), "Check": (3, 4, 5), "Fault": (2, 3), "Finding": (2,), "Remark": (1,), "remark": (1,),
    "refuse": (1, 2), "later": (0, 1), "not_yet": (1, 2), "meant": (2,), "edited": (1, 2),
    "echo": (0,), "secho": (0,), "tell": (0,), "agreed": (0,), "prompt": (0,), "confirm": (0,), "print": (0,),
    "spoken": (0,), "tell_table": (0,), "BadParameter": (0,), "ClickException": (0,), "fail": (0,), "add_task": (0,),
}  # fmt: skip
FUNCTIONS = frozenset({"tell", "agreed", "spoken", "print"})  # of these the methods of the same name are others'
NAMES = frozenset({
    "message", "hint", "aside", "detail", "help", "short_help", "epilog", "metavar", "prompt", "options_metavar",
    "subcommand_metavar",
})  # fmt: skip
WORD = re.compile(r"[^\W\d_]{3,}")
NO_WORDS = frozenset({"coachsync"})
CHOICES = re.compile(r"\w+(\|\w+)+")  # what an option takes, as it must be typed
SENTENCE = re.compile(r"[A-ZÀ-Ý`][^\n]* [^\n]*[.?!:]")  # to be read by a person wherever it stands
# What nobody reads but who works on coachsync: its callers broke a promise.
FOR_US = ("ValueError", "RuntimeError", "TypeError", "AssertionError")


def escaped(text: str, *, invented: bool = False) -> list[str]:
    """Every sentence in a module's text that nobody could translate, with its line.

    `invented` text is of the demonstration's practice: it may lie about, and is handed to nobody all the same.
    """
    tree = ast.parse(text)
    found = {*_handed_over(tree), *_said(tree)} | (set() if invented else {*_lying_about(tree)})
    return [f"{line}: {what}" for line, what in sorted(found)]


def _handed_over(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Raw text in a place that takes sentences."""
    known = _assigned(tree)
    for node in ast.walk(tree):
        for value in _sentences_of(node):
            for raw in _raw(value, known):
                yield value.lineno, raw


def _sentences_of(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        name = _name(node.func)
        places = () if name in FUNCTIONS and isinstance(node.func, ast.Attribute) else PLACES.get(name, ())
        yield from (node.args[place] for place in places if place < len(node.args))
        yield from (word.value for word in node.keywords if word.arg in NAMES and name not in SAYING)
    for target, value in _assignments(node):
        if _name(target) in NAMES:
            yield value


def _raw(value: ast.expr, known: dict[str, list[ast.expr]], seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """The raw words in an expression: in any of its branches, and in what the names in it were assigned."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        if _has_words(value.value):
            yield value.value
    elif isinstance(value, ast.JoinedStr):
        if _has_words(" ".join(str(part.value) for part in value.values if isinstance(part, ast.Constant))):
            yield ast.unparse(value)
    elif isinstance(value, ast.Name) and value.id in known and value.id not in seen:
        for assigned in known[value.id]:
            yield from _raw(assigned, known, seen | {value.id})
    else:
        for part in _parts(value):
            yield from _raw(part, known, seen)


# What the text of an expression may come from.
PARTS: dict[type[ast.expr], tuple[str, ...]] = {
    ast.BinOp: ("left", "right"),
    ast.IfExp: ("body", "orelse"),
    ast.BoolOp: ("values",),
    ast.Tuple: ("elts",),
    ast.List: ("elts",),
    ast.Dict: ("values",),
    ast.Subscript: ("value",),
    ast.Starred: ("value",),
    ast.NamedExpr: ("value",),
}


def _parts(value: ast.expr) -> Iterator[ast.expr]:
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in ("format", "join"):
        yield value.func.value
    for name in PARTS.get(type(value), ()):
        part = getattr(value, name)
        yield from part if isinstance(part, list) else [part]


def _assigned(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """What each name in the module is assigned, anywhere."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        for target, value in _assignments(node):
            if isinstance(target, ast.Name):
                found.setdefault(target.id, []).append(value)
    return found


def _assignments(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield node.target, node.value


def _lying_about(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What reads like a sentence and is none of `say`, a docstring, or a word to whoever works on coachsync."""
    covered = _docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in (*SAYING, *FOR_US, "click_says", "click_counts"):
            covered |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in covered or not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if SENTENCE.fullmatch(node.value):
            yield node.lineno, node.value


def _docstrings(tree: ast.Module) -> set[int]:
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def _said(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Patterns that are no literal text, whose values are not those that are given, or that no extraction finds."""
    if any(isinstance(node, ast.arg) and node.arg in SAYING for node in ast.walk(tree)):
        return  # what it says with was handed in: that translates, and is no `say`
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))
    hidden = {id(inner) for node in strings for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in SAYING:
            continue
        if id(node) in hidden:
            yield node.lineno, f"in an f-string, where it is not extracted: {ast.unparse(node)}"
        counts = _name(node.func) == "say_count"
        patterns = [arg.value for arg in node.args[: 2 if counts else 1] if isinstance(arg, ast.Constant)]
        if len(node.args) != (3 if counts else 1) or len(patterns) != (2 if counts else 1):
            yield node.lineno, f"no literal pattern: {ast.unparse(node)}"
            continue
        given = {word.arg for word in node.keywords} | ({"number"} if counts else set())
        if None in given:  # **values: what is in them is not to be seen here
            continue
        used = {field for pattern in patterns for field in fields(str(pattern))}
        if used - given or given - used - {"number"}:
            yield node.lineno, f"other values than in the pattern: {ast.unparse(node)}"


def fields(pattern: str) -> set[str]:
    """The values that a pattern shows."""
    return {re.split(r"[.\[]", name)[0] for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}


def _has_words(text: str) -> bool:
    return not CHOICES.fullmatch(text) and any(word.lower() not in NO_WORDS for word in WORD.findall(text))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def modules(root: Path) -> Iterator[tuple[str, str]]:
    """Every module below a folder: its path there, and its text."""
    for path in sorted(root.rglob("*.py")):
        yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
