"""What the coach changes, what clashes and what is kept for 30 days is told nowhere but where the coach looks at it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from scenario_canaries import Ink, calendar, found
from scenario_practice import Done, Practice, contents, tomorrow
from web import Web

SIZE = 20
_AT = re.compile(r"(DTSTART[^:\r\n]*:[0-9]{8}T)[0-9]{2}")
_LISTS = (("agenda",), ("conflict", "list"), ("appointment", "restore"))  # for the coach's own eyes, on stdout


@dataclass
class Watch:
    """A practice whose calendar holds canaries, and everything that was said and left behind since."""

    practice: Practice
    ink: Ink
    source: str
    told: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)

    def run(self, *words: str, alone: bool = False) -> Done:
        """A command; `alone`, as a process of its own with an eye on its temporary files."""
        done, temporary = self.practice.watched(*words) if alone else (self.practice.run(*words), {})
        plain = tuple(word for word in words if not word.startswith("-"))
        said = done.err if plain in _LISTS or plain[:-1] in _LISTS[:1] else done.out + done.err
        self.told.append(said)
        left = [text for name, body in temporary.items() for text in (name, body)]
        if any(found(text, self.ink) for text in (said, *left)):
            self.leaks.append(" ".join(words))
        return done

    def at_rest(self) -> None:
        """Note every file of the state in which a canary can be read."""
        files = contents(self.practice.state)
        self.leaks += [name for name, body in files.items() if found(name, self.ink) or found(body, self.ink, deep=1)]


@pytest.fixture
def watch(practice: Practice, web: Web) -> Watch:
    """A synced calendar in which every text is a canary."""
    ink = Ink()
    source = web.make(f"{web.account.home}{ink.word()}/", ink.word())
    web.put_all(source, {event.href: event.document(ink) for event in calendar(ink, SIZE)})
    practice.account("cloud", web.account)
    practice.calendar("coaching", "cloud", url=urlsplit(source).path)
    assert practice.sync().code == 0
    return Watch(practice, ink, source)


def test_p12_no_canary_comes_out_of_changes_conflicts_and_what_is_kept(watch: Watch, web: Web) -> None:
    agenda = watch.run("--json", "agenda", "--days", "100").json
    ids = list(dict.fromkeys(line["id"] for line in agenda))
    to = f"{tomorrow() + timedelta(days=3)} 17:05"
    kinds = (["move", "--to", to], ["cancel"], ["cancel", "--delete"])
    queued = []
    for number, name in enumerate(ids[:12]):
        verb, *more = kinds[number % 3]
        watch.run("appointment", verb, name, "--series", *more, "--dry-run")
        letters = ["--notify"] if number % 2 else []
        if watch.run("appointment", verb, name, "--series", *more, *letters, alone=number < len(kinds)).code == 0:
            queued.append(name)
    assert len(queued) >= 6
    title, place = watch.ink.word(), watch.ink.word()
    watch.run("appointment", "add", "coaching", "--start", to, "--title", title, "--location", place)
    watch.at_rest()

    for href, text in web.objects(watch.source).items():  # the phone was quicker
        web.put(href, _AT.sub(r"\g<1>07", text.decode()))
    assert watch.run("sync", "--dry-run").code == 4
    assert watch.run("sync", alone=True).code == 4
    listed = watch.run("conflict", "list", alone=True)
    assert found(listed.out, watch.ink)
    assert watch.run("status").code == 5
    watch.at_rest()
    conflicts = [line.split("\t")[0] for line in listed.out.splitlines()]
    assert len(conflicts) >= 3
    for number, name in enumerate(conflicts):
        assert watch.run("conflict", "resolve", name, "--keep", ("local", "server")[number % 2]).code == 0
    watch.run("sync", alone=True)

    kept = watch.run("--json", "appointment", "restore").json["kept"]
    assert len([one for one in kept if found(one["title"], watch.ink)]) >= 6
    for one in kept[:4]:
        watch.run("appointment", "restore", one["id"])
    watch.run("appointment", "restore", alone=True)
    watch.run("--json", "sync")
    watch.run("--json", "status")
    watch.at_rest()

    assert watch.leaks == []
    assert not any("Traceback" in said for said in watch.told)
