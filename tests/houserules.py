"""The house rules of ARCHITECTURE.md as data, and a check for each of them; `modules` reads the source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator

from modules import Module, inside, within

# ---------------------------------------------------------------------------------------------------------- rules

# Which part of the house may import which other; the longest prefix decides. A part may always import itself,
# and the house has no other parts.
GROUND = ("errors", "model", "contentline", "moments", "span", "loopback", "phrases", "folding")
ROOMS = ("sync", "editing", "redaction", "clients", "inbox", "vault", "policy")
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "": (),
    "__main__": ("app",),
    "errors": (),
    "model": ("errors",),
    "contentline": ("model", "errors"),
    "moments": (),
    "span": ("model", "errors"),
    "loopback": (),
    "phrases": (),
    "folding": (),
    "sync": GROUND,
    "editing": GROUND,
    "redaction": GROUND,
    "clients": GROUND,
    "inbox": GROUND,
    "vault": GROUND,
    "policy": GROUND,
    "config": ("redaction.profiles", "span", "loopback", "phrases", "model", "errors"),
    "adapters": ("", *ROOMS, *GROUND),
    "app": ("", "config", "adapters", *ROOMS, *GROUND),
}

# What the pure parts may import from the standard library: nothing that reads or writes, waits, draws or logs.
PURE = (*GROUND, *ROOMS)
CALM = (
    "__future__", "abc", "base64", "binascii", "bisect", "calendar", "codecs", "collections", "contextlib", "copy",
    "dataclasses", "datetime", "decimal", "difflib", "enum", "fractions", "functools", "heapq", "html", "ipaddress",
    "itertools", "json", "keyword", "math", "numbers", "operator", "quopri", "re", "statistics", "string", "struct",
    "textwrap", "types", "typing", "unicodedata", "urllib.parse", "zoneinfo",
)  # fmt: skip
# The vault draws its own randomness and works on bytes: a module, and what of it may be used (nothing listed: all).
VAULT_TOO: dict[str, tuple[str, ...]] = {"os": ("urandom",), "secrets": (), "hashlib": (), "hmac": ()}
# The directory tells by a digest whether anything in it has changed.
CLIENTS_TOO: dict[str, tuple[str, ...]] = {"hashlib": ("sha256",)}

# Randomness: `vault` makes keys, `app` draws names and orders, the database marks each row that it seals.
RANDOMNESS = frozenset({"random", "secrets", "uuid"})
MAY_DRAW = ("vault", "app", "adapters.database")

# Reading the clock (promise 14) is for the command line alone, and for the agent, which is a process of its own. A
# stopwatch (time.monotonic) is no clock.
CLOCK = frozenset({"now", "today", "utcnow", "current_timestamp", "current_date", "current_time", "unixepoch"})
CLOCK_OWNERS = ("datetime.", "sqlalchemy.")
CLOCK_FUNCTIONS = frozenset({
    "time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime", "time.asctime", "time.strftime",
    "time.clock_gettime", "time.clock_gettime_ns", "uuid.uuid1", "uuid.uuid6", "uuid.uuid7",
    "email.utils.localtime", "email.utils.formatdate", "email.utils.make_msgid",
    "os.path.getmtime", "os.path.getctime", "os.path.getatime",
})  # fmt: skip
# In SQL as text, in capitals or not; SQLite's own functions take 'now'.
CLOCK_SQL = ("current_date", "current_time", "unixepoch()", "'now'")
# What the times of a file say is the clock as well, read by whoever wrote it.
FILE_TIMES = frozenset({"st_mtime", "st_ctime", "st_atime", "st_mtime_ns", "st_ctime_ns", "st_atime_ns"})
MAY_READ_CLOCK = ("app.cli", "adapters.agent_child")
# One function tells when a published file was changed, as its readers see it: `share verify` looks at what is served.
# Another takes them as marks that tell one state of a file from the next: nobody reckons with them.
FILE_TIME_READERS = frozenset({("adapters.files", "modified_at"), ("adapters.inbox", "_stamp")})

# Builtins that reach the world; barred from the pure parts. `print` and `input` are for the command line alone.
WORLDLY = frozenset({"open", "input", "print", "exec", "eval", "compile", "breakpoint", "__import__"})
TALK = frozenset({"print", "input", "pprint.pprint"})
MAY_TALK = ("app.cli",)

# One importer for each library from outside; a library that is not listed is not used at all.
IMPORTER: dict[str, tuple[str, ...]] = {
    "anyascii": ("redaction.romanising",),  # tables and a function over them: it reads and writes nothing
    "alembic": ("adapters.database",),
    "caldav": ("adapters.caldav.transport",),
    "click": ("app.cli",),
    "cryptography": ("vault",),
    "icalendar": ("adapters.ical",),
    "jeepney": ("adapters.dbus",),
    "keyring": ("adapters.oskeyring_child",),
    "lxml": ("adapters.caldav.multistatus",),
    "platformdirs": ("config",),
    "pydantic": ("config.fields", "config.schema", "config.share_schema", "config.table"),
    "pydantic_core": ("config.fields", "config.schema"),
    "recurring_ical_events": ("adapters.ical",),
    "rich": ("app.cli",),
    "smtplib": ("adapters.mail",),  # of the standard library: who can send mail is known by name (promise 6)
    "sqlalchemy": ("adapters.database",),
    "vobject": ("adapters.secondparser", "adapters.vcards"),
    "watchdog": ("adapters.watching",),
}

# Imports that hide from a reader of imports. The command line imports a command when it is called, to start quickly.
HIDDEN_IMPORTS = frozenset({"importlib.import_module", "importlib.__import__", "__import__", "builtins.__import__"})
MAY_HIDE = ("app.cli.commands",)

LONGEST_FILE = 400
LONGEST_FUNCTION = 50

# ---------------------------------------------------------------------------------------------------------- checks


def part_of(module: Module) -> str | None:
    """The part of the house that a module belongs to, None when it has no place in it."""
    return max((part for part in MAY_IMPORT if within(module.name, (part,))), key=len, default=None)


def directions(module: Module) -> Iterator[str]:
    """Imports run one way, the rooms never import each other, and nothing stands outside the house."""
    part = part_of(module)
    if part is None:
        yield f"{module.name}: has no place in the house"
        return
    for full, line in module.imports:
        other = inside(full)
        if other is None or within(other, (part,)):
            continue
        if not within(other, MAY_IMPORT[part]):
            yield f"{module.name}:{line}: imports {full}"


def absolute(module: Module) -> Iterator[str]:
    """Imports say the whole name, and none is hidden in a string."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield f"{module.name}:{node.lineno}: relative import"
    for name, line in module.uses:
        if name in HIDDEN_IMPORTS and not within(module.name, MAY_HIDE):
            yield f"{module.name}:{line}: hidden import"


def libraries(module: Module) -> Iterator[str]:
    """One importer for each outside library."""
    for full, line in module.imports:
        top = full.split(".")[0]
        if top == "coachsync" or (top in sys.stdlib_module_names and top not in IMPORTER):
            continue
        if not within(module.name, IMPORTER.get(top, ())):
            yield f"{module.name}:{line}: imports {full}"


def purity(module: Module) -> Iterator[str]:
    """The rooms and what they stand on do no IO, draw no randomness and do not log."""
    if not within(module.name, PURE):
        return
    more = {"vault": VAULT_TOO, "clients": CLIENTS_TOO}
    extra = next((too for room, too in more.items() if within(module.name, (room,))), {})
    for full, line in module.imports:
        if full.split(".")[0] in sys.stdlib_module_names and not within(full, (*CALM, *extra)):
            yield f"{module.name}:{line}: imports {full}"
    for name, line in module.uses:
        if name in WORLDLY:
            yield f"{module.name}:{line}: uses {name}"
        top, _, rest = name.partition(".")
        if rest and rest.split(".")[0] not in extra.get(top, ()) and extra.get(top):
            yield f"{module.name}:{line}: uses {name}"


def randomness(module: Module) -> Iterator[str]:
    """Only the vault and `app` draw."""
    if within(module.name, MAY_DRAW):
        return
    for name, line in [*module.imports, *module.uses]:
        if name.split(".")[0] in RANDOMNESS or name == "os.urandom":
            yield f"{module.name}:{line}: uses {name}"


def clock(module: Module) -> Iterator[str]:
    """Below the command line, time is an argument."""
    if within(module.name, MAY_READ_CLOCK):
        return
    for name, line in module.uses:
        last = name.rpartition(".")[2]
        if last in FILE_TIMES and line in _times_read(module):
            continue
        if name in CLOCK_FUNCTIONS or last in FILE_TIMES or (name.startswith(CLOCK_OWNERS) and last in CLOCK):
            yield f"{module.name}:{line}: reads the clock ({name})"
    for node in ast.walk(module.tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name in CLOCK:
                yield f"{module.name}:{node.lineno}: reads a clock (.{name}())"
            case ast.Constant(value=str(text)) if any(word in text.lower() for word in CLOCK_SQL):
                yield f"{module.name}:{node.lineno}: has SQL that reads the clock"


def _times_read(module: Module) -> range:
    """The lines of the function that may read when a file was changed."""
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef) and (module.name, node.name) in FILE_TIME_READERS:
            return range(node.lineno, (node.end_lineno or node.lineno) + 1)
    return range(0)


def talk(module: Module) -> Iterator[str]:
    """Only the command line prints and asks."""
    if not within(module.name, MAY_TALK):
        yield from (f"{module.name}:{line}: uses {name}" for name, line in module.uses if name in TALK)


def sizes(module: Module) -> Iterator[str]:
    """No file over 400 lines, no function over 50."""
    lines = module.text.count("\n")
    if lines > LONGEST_FILE:
        yield f"{module.name}: {lines} lines"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{module.name}:{node.lineno}: {node.name} has {length} lines"


def docstrings(module: Module) -> Iterator[str]:
    """Every module says what it is for."""
    if not (ast.get_docstring(module.tree) or "").strip():
        yield f"{module.name}: no docstring"


CHECKS: tuple[Callable[[Module], Iterator[str]], ...] = (
    directions, absolute, libraries, purity, randomness, clock, talk, sizes, docstrings,
)  # fmt: skip
