"""The house keeps its rules. Each rule is also shown to turn red: `SEEDED` breaks it in a tree of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from houserules import (
    CHECKS,
    absolute,
    clock,
    directions,
    docstrings,
    libraries,
    purity,
    randomness,
    sizes,
    talk,
)
from modules import Module, house

SOURCE = Path(__file__).parent.parent / "src" / "coachsync"


@pytest.fixture(scope="module")
def modules() -> tuple[Module, ...]:
    """The house itself, read once."""
    return house(SOURCE)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_house_keeps_its_rules(check: Callable[[Module], Iterator[str]], modules: tuple[Module, ...]) -> None:
    assert len(modules) > 10
    assert [broken for module in modules for broken in check(module)] == []


# -------------------------------------------------------------------------------------------------- the test, tested

SEEDED: dict[str, tuple[Callable[[Module], Iterator[str]], str, str]] = {
    "a room imports another": (directions, "sync/plan.py", "from coachsync.redaction import slots"),
    "a room imports another by a plain import": (directions, "policy/retention.py", "import coachsync.vault.rows as r"),
    "a room imports another inside a function": (directions, "vault/rows.py", "def f():\n    import coachsync.sync"),
    "a room imports another for types only": (
        directions, "redaction/slots.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from coachsync.sync.plan import Plan",
    ),
    "a room imports another relatively": (directions, "redaction/slots.py", "from ..sync import plan"),
    "a room imports an adapter": (directions, "redaction/slots.py", "from coachsync.adapters.ical import rules"),
    "a room imports config": (directions, "policy/retention.py", "from coachsync import config"),
    "a room imports app": (directions, "sync/plan.py", "import coachsync.app.jobs"),
    "what edits a text decides what to sync": (directions, "editing/moving.py", "from coachsync.sync import merge"),
    "the inbox opens what is sealed": (directions, "inbox/kinds.py", "from coachsync.vault import envelope"),
    "the clients import what is shared": (directions, "clients/directory.py", "import coachsync.redaction.words"),
    "an adapter imports config": (directions, "adapters/caldav/dav.py", "from coachsync.config import Account"),
    "an adapter imports app": (directions, "adapters/caldav/dav.py", "from coachsync.app import jobs"),
    "config imports an adapter": (directions, "config/loading.py", "from coachsync.adapters import secrets"),
    "config imports more of a room": (directions, "config/loading.py", "from coachsync.redaction import slots"),
    "the nouns import a room": (directions, "model.py", "from coachsync.sync import plan"),
    "errors import the nouns": (directions, "errors.py", "from coachsync.model import Slot"),
    "content lines import an adapter": (directions, "contentline.py", "from coachsync.adapters import ical"),
    "everything from the top": (directions, "sync/plan.py", "import coachsync"),
    "a new part of the house": (directions, "utils.py", ""),
    "a relative import": (absolute, "sync/plan.py", "from . import guard"),
    "a hidden import": (absolute, "app/jobs.py", "import importlib\nimportlib.import_module('coachsync.sync')"),
    "a hidden import, renamed": (absolute, "adapters/ical/rules.py", "from importlib import import_module as i\ni('')"),
    "a hidden import by a builtin": (absolute, "adapters/ical/rules.py", "__import__('os')"),
    "a second importer of caldav": (libraries, "adapters/ical/rules.py", "import caldav.lib.error"),
    "a second importer of pydantic": (libraries, "app/jobs.py", "from pydantic import BaseModel"),
    "cryptography outside the vault": (libraries, "adapters/keystore.py", "from cryptography import fernet"),
    "a second sender of mail": (libraries, "app/jobs.py", "import smtplib"),
    "click below the command line": (libraries, "app/jobs.py", "import click"),
    "a library nobody listed": (libraries, "adapters/caldav/dav.py", "import requests"),
    "a room reads files": (purity, "redaction/slots.py", "import pathlib"),
    "a room imports os": (purity, "sync/plan.py", "from os import path"),
    "a room opens a file": (purity, "sync/plan.py", "def f():\n    return open('x')"),
    "a room opens a file by another name": (purity, "sync/plan.py", "import builtins"),
    "a room logs": (purity, "policy/retention.py", "import logging"),
    "a room draws": (purity, "redaction/publication.py", "import uuid"),
    "a room hashes": (purity, "redaction/publication.py", "import hashlib"),
    "the clients hash in another way": (purity, "clients/directory.py", "from hashlib import md5\nmd5(b'')"),
    "the clients draw": (randomness, "clients/codes.py", "import secrets"),
    "the clients make a code without being handed anything": (purity, "clients/codes.py", "import os"),
    "a room waits": (purity, "sync/plan.py", "import time"),
    "a room fetches": (purity, "sync/plan.py", "import urllib.request"),
    "the nouns start a program": (purity, "model.py", "import subprocess"),
    "the vault uses more of os": (purity, "vault/rows.py", "import os\nos.remove('x')"),
    "the vault imports more of os": (purity, "vault/rows.py", "from os import remove\nremove('x')"),
    "the vault renames os": (purity, "vault/rows.py", "import os as o\no.environ"),
    "the vault opens a file": (purity, "vault/rows.py", "open('x')"),
    "an adapter draws": (randomness, "adapters/caldav/dav.py", "from uuid import uuid4"),
    "an adapter draws from the system": (randomness, "adapters/caldav/dav.py", "import os\nos.urandom(8)"),
    "a room draws in secret": (randomness, "sync/plan.py", "import secrets"),
    "config draws": (randomness, "config/loading.py", "import random"),
    "a job reads the clock": (clock, "app/jobs.py", "from datetime import UTC, datetime\ndatetime.now(UTC)"),
    "an adapter reads the clock": (clock, "adapters/ical/rules.py", "import datetime as d\nd.datetime.now(d.UTC)"),
    "an adapter hands the clock on": (
        clock, "adapters/ical/rules.py", "from datetime import datetime as D\nfield(default_factory=D.now)",
    ),
    "a room reads today": (clock, "redaction/window.py", "from datetime import date\ndate.today()"),
    "a room reads utcnow": (clock, "redaction/window.py", "import datetime\ndatetime.datetime.utcnow()"),
    "an adapter asks a clock it was given": (clock, "adapters/ical/rules.py", "def f(clock):\n    return clock.now()"),
    "another function asks a file": (clock, "adapters/files.py", "def other(p):\n    return p.stat().st_mtime"),
    "an adapter asks the database": (clock, "adapters/database.py", "from sqlalchemy import func\nfunc.now()"),
    "an adapter reads seconds": (clock, "adapters/lock.py", "from time import time as seconds\nseconds()"),
    "config reads the clock": (clock, "config/loading.py", "import time\ntime.localtime()"),
    "an adapter prints": (talk, "adapters/caldav/dav.py", "print('x')"),
    "app prints outside the command line": (talk, "app/jobs.py", "list(map(print, [1]))"),
    "an adapter asks": (talk, "adapters/secrets.py", "input()"),
    "a file of 401 lines": (sizes, "sync/plan.py", "x = 1\n" * 401),
    "a function of 51 lines": (sizes, "sync/plan.py", "def f():\n" + "    x = 1\n" * 50),
    "a method of 51 lines": (sizes, "sync/plan.py", "class C:\n    async def f(self):\n" + "        x = 1\n" * 50),
    "no docstring": (docstrings, "sync/merge.py", "x = 1"),
    "an empty docstring": (docstrings, "sync/merge.py", '""" """'),
}  # fmt: skip

READS_THE_CLOCK = (
    "import time; time.time_ns()", "import time; time.gmtime()", "import time; time.ctime()",
    "import time; time.asctime()", "import time; time.strftime('%Y')", "import time; time.clock_gettime(0)",
    "from time import clock_gettime_ns as ns; ns(0)",
    "from uuid import uuid1; uuid1()", "import uuid; uuid.uuid6()", "import uuid; field(default_factory=uuid.uuid7)",
    "from email import utils; utils.localtime()", "from email.utils import formatdate; formatdate()",
    "import email.utils; email.utils.make_msgid()",
    "import os; os.path.getmtime('x')", "from os import path; path.getctime('x')",
    "from os.path import getatime; getatime('x')",
    "path.stat().st_mtime", "path.stat().st_mtime_ns", "found.st_ctime", "found.st_ctime_ns",
    "import os; os.stat('x').st_atime", "import os; os.stat('x').st_atime_ns",
    "from sqlalchemy import func; func.current_timestamp()", "from sqlalchemy import func; func.current_date()",
    "import sqlalchemy as sa; sa.func.current_time()", "import sqlalchemy as sa; sa.func.unixepoch()",
    "from sqlalchemy.sql.functions import now; now()",
    "text('DEFAULT CURRENT_TIMESTAMP')", "text('select current_date')", "text('SELECT unixepoch()')",
    """text("SELECT strftime('%s', 'now')")""",
)  # fmt: skip
SEEDED |= {f"below the command line: {text}": (clock, "adapters/files.py", text) for text in READS_THE_CLOCK}

ALLOWED: dict[str, tuple[Callable[[Module], Iterator[str]], str, str]] = {
    "app joins the rooms": (directions, "app/jobs.py", "from coachsync.sync import plan\nimport coachsync.config"),
    "app knows the version": (directions, "app/cli/__init__.py", "from coachsync import __version__"),
    "an adapter knows the version": (directions, "adapters/caldav/dav.py", "from coachsync import __version__"),
    "a room imports its own": (directions, "sync/plan.py", "from coachsync.sync import guard"),
    "a room imports the nouns": (directions, "vault/rows.py", "from coachsync import errors, model, contentline, span"),
    "an adapter imports an adapter": (directions, "adapters/keystore.py", "from coachsync.adapters import files"),
    "an adapter imports a room": (directions, "adapters/keystore.py", "from coachsync.vault.rows import DeviceKey"),
    "config imports the profiles": (directions, "config/loading.py", "from coachsync.redaction import profiles"),
    "the command line imports late": (absolute, "app/cli/commands.py", "import importlib as i\ni.import_module('x')"),
    "an importer as a package": (libraries, "adapters/database/tables.py", "import sqlalchemy.types"),
    "a room decodes": (purity, "redaction/leaks.py", "import quopri, urllib.parse\nfrom zoneinfo import ZoneInfo"),
    "a room names a method open": (purity, "vault/rows.py", "def f(key):\n    return key.open('x')"),
    "the clients make a digest": (purity, "clients/directory.py", "from hashlib import sha256\nsha256(b'')"),
    "the vault draws": (purity, "vault/rows.py", "import os, hmac, secrets\nos.urandom(8)"),
    "the vault draws its keys": (randomness, "vault/rows.py", "import secrets"),
    "app draws": (randomness, "app/publish.py", "from uuid import uuid4\nfrom random import SystemRandom"),
    "a command reads the clock": (clock, "app/cli/opening.py", "from datetime import UTC, datetime\ndatetime.now(UTC)"),
    "a stopwatch": (clock, "adapters/lock.py", "import time\ntime.monotonic()"),
    "a file is given its time": (clock, "adapters/files.py", "import os\nos.utime('x', (1, 1))"),
    "a file is told from what it was": (clock, "adapters/inbox.py", "def _stamp(s):\n    return s.st_mtime_ns"),
    "a file that is served": (clock, "adapters/files.py", "def modified_at(p):\n    return p.stat().st_mtime"),
    "a sentence about today": (clock, "adapters/files.py", "TEXT = 'The current date, today: not now.'"),
    "today as an argument": (clock, "redaction/window.py", "def f(today, plan):\n    return today, plan.now"),
    "the command line prints": (talk, "app/cli/share.py", "print('x')"),
    "a file of 400 lines": (sizes, "sync/plan.py", "x = 1\n" * 400),
    "a function of 50 lines": (sizes, "sync/plan.py", "def f():\n" + "    x = 1\n" * 49),
}  # fmt: skip


def seeded(root: Path, place: str, text: str) -> Module:
    """A small house with one file more, and that file."""
    files = ["sync/plan", "sync/guard", "redaction/slots", "redaction/profiles", "vault/rows", "policy/retention"]
    files += ["adapters/ical", "adapters/files", "adapters/secrets", "app/jobs", "config/schema"]
    files += ["errors", "model", "contentline", "span"]
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / f"{name}.py").write_text('"""A module."""\n')
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        (folder / "__init__.py").write_text('"""A part of the house."""\n')
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / place).write_text(text)
    name = place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return next(module for module in house(root) if module.name == name)


@pytest.mark.parametrize("case", SEEDED)
def test_a_broken_rule_turns_red(case: str, tmp_path: Path) -> None:
    check, place, text = SEEDED[case]
    assert list(check(seeded(tmp_path, place, text)))


@pytest.mark.parametrize("case", ALLOWED)
def test_what_the_rules_allow_stays_green(case: str, tmp_path: Path) -> None:
    check, place, text = ALLOWED[case]
    assert list(check(seeded(tmp_path, place, text))) == []


def test_every_check_is_shown_to_turn_red() -> None:
    assert {check for check, _, _ in SEEDED.values()} == set(CHECKS)


def test_a_house_without_violations_is_green(tmp_path: Path) -> None:
    seeded(tmp_path, "sync/plan.py", '"""Fine."""\n')
    modules = house(tmp_path)
    assert [broken for module in modules for check in CHECKS for broken in check(module)] == []
