"""Every sentence that a person may read can be said in every language, and is.

No sentence escapes `say` (see `sentences`), and each catalogue has exactly the sentences that the code has.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import click
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from coachsync.app.language import CATALOGUES, DOMAIN, LANGUAGES
from sentences import escaped, fields, modules

SOURCE = Path(__file__).parent.parent / "src" / "coachsync"
MAKEFILE = SOURCE.parent.parent / "Makefile"
INVENTED = tuple(f"app/demo/{name}.py" for name in ("details", "occasions", "people", "series", "sessions"))

# ------------------------------------------------------------------------------------------ sentences that escape

SEEDED = {
    "a message": 'raise CoachsyncError("x", "The server is gone.")',
    "a message with a value": 'raise Temporary("x", f"The server failed with {status}.")',
    "a message with a value, not asked for at all": 'raise Temporary("x", "status %s of the server" % status)',
    "a message put together": 'raise Temporary("x", say("Gone.") + " It will be back")',
    "a hint": 'raise Refused("x", say("Refused."), "Check the password.")',
    "a hint by its name": 'raise Misconfigured("x", say("Wrong."), hint="look again")',
    "one of two hints": 'raise Misconfigured("x", say("Wrong."), say("Good.") if good else "look again")',
    "a hint that is set later": 'problem.hint = "look again"',
    "an aside": 'error.aside = f"the calendars are {names}"',
    "a problem": 'Problem("x", "accounts.cloud", "it is gone", "")',
    "a check": 'Check(Grade.GOOD, "x", "accounts.cloud", "all is well")',
    "a fault": 'Fault("x", ("a",), "no such key")',
    "a finding": 'Finding("x", "file", "a line too many")',
    "a remark": 'found.remark("x", f"{subject} is there twice")',
    "a refused value": 'refuse("x", "too long")',
    "a name that stands for a text": 'LOOK = "look into it"\nraise NotThere("x", say("Gone."), LOOK)',
    "a table of texts": 'TEXTS = {1: "well done"}\ntell(TEXTS[1])',
    "a line on the terminal": 'click.echo("3 calendars")',
    "a line with a value": 'click.echo(f"calendar {name}")',
    "a line that is told": 'tell("   done")',
    "a format": 'click.echo("{} calendars".format(3))',
    "a heading": 'tell_table(("name", ""), rows)',
    "a question": 'agreed("Go on?")',
    "a prompt": 'click.prompt("password")',
    "a help": '@click.option("--yes", help="Do not ask.")\ndef f(): pass',
    "a metavar": '@click.option("--to", metavar="FILE")\ndef f(): pass',
    "a usage": 'raise click.BadParameter(f"the year {year}")',
    "a sentence that is handed on": 'def wrong(url): return "bad-url", "This is not an address.", ""',
    "a sentence in a table": 'KNOWN = (("Unclosed", "A bracket is missing."),)',
    "a pattern that is not literal": "say(pattern)",
    "a pattern with a value in it": 'say(f"The {name} is gone.")',
    "a phrase inside an f-string": 'tell(f"{name} ({spoken(say(\'yes/no\'))})")',
    "a pattern of a number that is not literal": 'say_count("one", many, 3)',
    "a value that is not given": 'say("The {name} is gone.")',
    "a value that is not shown": 'say("It is gone.", name=name)',
}  # fmt: skip
ALLOWED = {
    "a phrase": 'raise CoachsyncError("x", say("The server failed with {status}.", status=status))',
    "a number": 'tell(say_count("{number} share", "{number} shares", n))',
    "a number that is not shown": 'tell(say_count("one share", "several shares", n))',
    "a phrase by its name": 'LOOK = say("Look again.")\nraise NotThere("x", say("Gone."), LOOK)',
    "a phrase out of a table": 'MARKS = {1: say("ok")}\nclick.echo(spoken(MARKS[1]))',
    "no hint": 'raise Stale("x", say("Gone."), "")',
    "signs": 'click.echo(f"- {where}: {said} [{code}]")',
    "our name": 'click.echo(f"coachsync: {said}")',
    "a promise broken by a caller": 'raise ValueError("A span cannot be negative.")',
    "words that are typed as they are": '@click.option("--in", metavar="file|keyring")\ndef f(): pass',
    "a method that tells something else": 'manager.tell("RELOADING=1")',
    "what was handed in to translate": "def f(say, problem): return say(problem.hint)",
    "a docstring": '"""It is gone. Nothing else."""',
    "a sentence of click's": 'click_says("Missing command now.")',
    "braces that are no value": 'say("Use {{ file = ... }}.")',
}  # fmt: skip


@pytest.mark.parametrize("case", SEEDED)
def test_a_sentence_that_escapes_turns_red(case: str) -> None:
    assert escaped(SEEDED[case])


@pytest.mark.parametrize("case", ALLOWED)
def test_what_can_be_translated_and_what_nobody_reads_stays_green(case: str) -> None:
    assert escaped(ALLOWED[case]) == []


def test_invented_text_may_lie_about_and_not_be_said() -> None:
    assert escaped('NOTE = "He is a quiet man."', invented=True) == []
    assert escaped('NOTE = "He is a quiet man."\nclick.echo(NOTE)', invented=True)


def test_no_sentence_escapes() -> None:
    found = {name: escaped(text, invented=name in INVENTED) for name, text in modules(SOURCE)}
    assert {name: sentences for name, sentences in found.items() if sentences} == {}


# --------------------------------------------------------------------------------------------------- catalogues

# As `make catalogues` extracts them.
KEYWORDS: dict[str, tuple[int, ...] | None] = {"say": None, "say_count": (1, 2)}
CLICK_KEYWORDS: dict[str, tuple[int, ...] | None] = {"click_says": None, "click_counts": (1, 2)}
Said = str | tuple[str, ...]
OTHERS = [code for code in LANGUAGES if code != "en"]


def extracted(folder: Path, keywords: dict[str, tuple[int, ...] | None]) -> set[Said]:
    """Every pattern in the source below a folder."""
    return {said for _, _, said, _, _ in extract_from_dir(folder, keywords=keywords)}


def catalogue(code: str) -> Catalog:
    """What is translated, as a person writes it."""
    with (CATALOGUES / code / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=code)


def messages(code: str) -> dict[Said, Message]:
    return {tuple(m.id) if isinstance(m.id, list | tuple) else m.id: m for m in catalogue(code) if m.id}


def both(said: Said) -> tuple[str, ...]:
    """A sentence, or one for each number."""
    return (said,) if isinstance(said, str) else tuple(said)


def missing(code: str, patterns: set[Said], text: str | None = None) -> list[str]:
    """What is wrong with a catalogue (or with `text` in its place), sentence by sentence."""
    read = catalogue(code) if text is None else read_po(io.BytesIO(text.encode()), locale=code)
    there = {tuple(m.id) if isinstance(m.id, list | tuple) else m.id: m for m in read if m.id}
    wrong = [f"not in the catalogue: {said}" for said in patterns - there.keys()]
    wrong += [f"no longer in the code: {said}" for said in there.keys() - patterns]
    wrong += [f"obsolete: {said}" for said in read.obsolete]
    for said, message in there.items():
        if message.fuzzy:
            wrong.append(f"fuzzy: {said}")
        if not all(both(message.string)) or len(both(message.string)) != len(both(said)):
            wrong.append(f"not translated: {said}")
        elif {name for one in both(said) for name in _values(one)} != {
            name for one in both(message.string) for name in _values(one)
        }:
            wrong.append(f"other values: {said}")
    return wrong


def _values(pattern: str) -> set[str]:
    named = set(re.findall(r"%\((\w+)\)", pattern))
    return named or fields(pattern)


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_has_every_sentence_and_no_other(code: str) -> None:
    assert missing(code, extracted(SOURCE, KEYWORDS | CLICK_KEYWORDS)) == []


HEAD = 'msgid ""\nmsgstr ""\n"Language: fr\\n"\n"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
HAS = 'msgid "Gone, {name}."\nmsgstr "Parti, {name}."\n\n'


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (HAS, []),
        ("", ["not in the catalogue"]),
        (HAS + 'msgid "Old."\nmsgstr "Vieux."\n', ["no longer in the code"]),
        (HAS + '#~ msgid "Old."\n#~ msgstr "Vieux."\n', ["obsolete"]),
        ("#, fuzzy\n" + HAS, ["fuzzy"]),
        ('msgid "Gone, {name}."\nmsgstr ""\n', ["not translated"]),
        (HAS.replace("Parti, {name}", "Parti, {nom}"), ["other values"]),
        (HAS.replace("Parti, {name}", "Parti"), ["other values"]),
    ],
)
def test_what_is_wrong_with_a_catalogue_turns_red(text: str, wrong: list[str]) -> None:
    assert [said.partition(":")[0] for said in missing("fr", {"Gone, {name}."}, HEAD + text)] == wrong


def test_a_plural_that_is_half_translated_turns_red() -> None:
    text = HEAD + 'msgid "{number} share"\nmsgid_plural "{number} shares"\nmsgstr[0] "{number} partage"\nmsgstr[1] ""\n'
    assert missing("fr", {("{number} share", "{number} shares")}, text) == [
        "not translated: ('{number} share', '{number} shares')"
    ]


@pytest.mark.parametrize("code", OTHERS)
def test_what_is_compiled_is_what_is_written(code: str) -> None:
    with (CATALOGUES / code / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        compiled = read_mo(file)
    assert {both(m.id)[0]: both(m.string) for m in compiled if m.id} == {
        both(said)[0]: both(message.string) for said, message in messages(code).items()
    }


@pytest.mark.parametrize("code", OTHERS)
def test_every_sentence_of_a_catalogue_can_be_filled_in(code: str) -> None:
    for message in messages(code).values():
        for pattern in both(message.string):
            if "%(" not in pattern:
                assert pattern.format(**dict.fromkeys(fields(pattern), 1) | {"number_type": "integer"})


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_names_nobody_that_is_not_there(code: str) -> None:
    head = dict(catalogue(code).mime_headers)
    assert not re.search(r"FULL NAME|EMAIL@|ADDRESS|PROJECT|VERSION|YEAR|<|ORGANIZATION", str(head))


def test_french_is_set_as_french_is() -> None:
    """No-break spaces before double signs and inside guillemets, and one kind of apostrophe."""
    texts = [text for message in messages("fr").values() for text in both(message.string)]
    assert [text for text in texts if re.search(r" [;?!»](?!\S)|« | :(?= |$)", text)] == []
    assert [text for text in texts if re.search(r"\w[;?!](?=\s|$)|\w:(?=\s|$)", text)] == []
    assert [text for text in texts if re.search(r"\w'\w", text)] == []


def test_make_extracts_what_is_compared_here() -> None:
    said = " ".join(MAKEFILE.read_text(encoding="utf-8").replace("\\\n", " ").split())
    for name, places in (KEYWORDS | CLICK_KEYWORDS).items():
        assert f"--keyword {name}{':' + ','.join(map(str, places)) if places else ''} " in said


# ------------------------------------------------------------------------------------------------- click's words

# Of click's, what its callers or a terminal of another system see, never a person at coachsync.
UNUSED = re.compile(
    r"d|Windows error.*|DeprecationWarning.*|Value must be an iterable\.|Takes \{nargs\} values.*|Name '.*|"
    r"Boolean option.*|"
    r"Could not determine name.*|No options defined.*|Arguments take exactly.*|Invalid start character.*|"
    r"Shell completion is not.*|Couldn't detect Bash.*|Unknown color.*|Choice\(.*|.*valid UUID\.|\{len_type\} values.*|"
    r"Unknown standard stream.*|Missing \{param_type\}"
)


def test_every_word_of_click_that_a_person_can_see_is_ours_to_translate() -> None:
    theirs = extracted(Path(click.__file__).parent, {"_": None, "ngettext": (1, 2)})
    listed = extracted(SOURCE / "app" / "cli", CLICK_KEYWORDS)
    assert {said for said in theirs - listed if not UNUSED.fullmatch(both(said)[0])} == set()
    assert listed - theirs == {"[OPTIONS]", "COMMAND [ARGS]..."}
