"""`coachsync init` as a new user goes through it: on a terminal, with wrong answers first, in each language."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

import filekeyring
import keyrings
import servers
from cli_desk import Storage, fill
from cli_dialogue import END, INTERRUPT, Dialogue
from coachsync import config
from coachsync.app.language import language
from coachsync.phrases import say

SLOWLY = 120  # keys a minute, of somebody who looks for each
Talk = Callable[..., Dialogue]
LOCALES = {"en": "en_GB.UTF-8", "fr": "fr_FR.UTF-8"}
SHARE = {"en": "office", "fr": "bureau"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def talk(home: Path) -> Talk:
    """Starts `coachsync init` on a terminal."""
    return lambda *words, code="en", **environ: Dialogue(
        home, "init", *words, environ={"LANG": LOCALES[code], "LC_ALL": LOCALES[code]} | environ
    )


@pytest.fixture
def calendars(storage: Storage) -> Storage:
    fill(storage.calendar("one", "Coaching"), 5)
    fill(storage.calendar("two", "Famille"), 1, prefix="private")
    return storage


def written(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


def the_file(home: Path) -> Path:
    return home / ".config" / "coachsync" / "coachsync.toml"


def happily(storage: Storage) -> list[str]:
    """What somebody types who makes no mistake and likes what is proposed, up to the last question."""
    login = [storage.url, storage.username, storage.password]
    return ["", "", "", *login, "", "", "", "", ""]


@pytest.mark.parametrize("code", ["en", "fr"])
def test_wrong_answers_first_and_a_verified_share_in_the_end(
    talk: Talk, home: Path, calendars: Storage, code: str
) -> None:
    with talk(code=code) as dialogue:
        asked = dialogue.answers(
            [
                *("klingon", code),
                *("Europe/Pari", ""),
                *("x" * 201, 'Cabinet « Exemple » \\ "1"'),
                *("not an address", "http://cloud.example/", "http://127.0.0.1:1/", calendars.url),
                *(calendars.username, "wrong-canary", "", "", calendars.password),
                *("9", "Nobody", "1"),
                *("everything", "2"),
                *("two words", ""),
                *("x" * 61, "Séance"),
                *("Coaching", "Famille", ""),
                *("perhaps", ""),
            ]
        )
        assert dialogue.end() == 0
    say_it = language(code).say
    for wrong in (
        say("The password would travel unencrypted."),
        say("The server cannot be reached."),
        say("There is no such calendar."),
        say("That is the calendar with your sessions."),
        say("A calendar of this name is there and is not empty."),
        say("Done: the share is published, and looked at from outside it tells these times only."),
    ):
        assert say_it(wrong) in dialogue.shown
    assert "coachsync service install" in dialogue.shown
    assert "coachsync run" in dialogue.shown
    assert len(asked) == 29
    yes_or_no = {"en": "(yes/no) [yes]: ", "fr": "(oui/non) [oui]\u00a0: "}
    assert asked[-1].endswith(yes_or_no[code])
    settings = config.load(the_file(home))
    assert (settings.practice.name, settings.practice.language) == ('Cabinet « Exemple » \\ "1"', code)
    share = settings.shares[SHARE[code]]
    assert share.profile.key == "session"
    assert set(calendars.objects(f"Coaching ({SHARE[code]})")) != set()
    for body in calendars.objects(f"Coaching ({SHARE[code]})").values():
        assert "SUMMARY:Séance" in body.decode()


@pytest.mark.parametrize("code", ["en", "fr"])
def test_it_takes_less_than_two_minutes_of_typing(talk: Talk, home: Path, calendars: Storage, code: str) -> None:
    with talk(code=code) as dialogue:
        asked = dialogue.answers([*happily(calendars), ""])
        assert dialogue.end() == 0
    assert len(asked) == 12
    assert len(dialogue.typed) < 2 * SLOWLY
    assert written(home)[:2] == [".config/coachsync/coachsync.toml", ".config/coachsync/radicale.password"]
    assert len(calendars.objects(f"Coaching ({SHARE[code]})")) == 5


def test_the_password_is_in_its_file_and_nowhere_else(talk: Talk, home: Path, calendars: Storage) -> None:
    secret = calendars.password.encode()
    with talk() as dialogue:
        dialogue.answers(happily(calendars))
        dialogue.question()
        family = [dialogue.process.pid, *children(dialogue.process.pid)]
        assert len(family) == 2  # and the process that reads
        for pid in family:
            for kind in ("cmdline", "environ"):
                assert secret not in Path(f"/proc/{pid}/{kind}").read_bytes()
        dialogue.answer("\n")
        assert dialogue.end() == 0
    assert calendars.password not in dialogue.shown
    holders = [path for path in home.rglob("*") if path.is_file() and secret in path.read_bytes()]
    assert holders == [the_file(home).with_name("radicale.password")]
    assert stat.S_IMODE(holders[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(the_file(home).stat().st_mode) == 0o600
    assert config.load(the_file(home)).accounts["radicale"].password == config.Secret(file=holders[0])


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_where_there_is_a_keyring_the_password_can_be_kept_there(
    talk: Talk, home: Path, calendars: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = keyrings.keyring(tmp_path, monkeypatch)
    chosen = {name: os.environ[name] for name in (filekeyring.CHOICE, filekeyring.FILE)}
    with talk(**chosen) as dialogue:
        dialogue.answers(happily(calendars))
        keyring.fault("locked")
        dialogue.answers(["2"])
        dialogue.question()
        keyring.fault("")
        dialogue.answers(["keyring", ""])
        assert dialogue.end() == 0
    assert keyring.entries == {"coachsync radicale": calendars.password}
    assert config.load(the_file(home)).accounts["radicale"].password == config.Secret(keyring="radicale")
    assert list(home.rglob("*.password")) == []
    assert len(calendars.objects("Coaching (office)")) == 5


@pytest.mark.parametrize(("answered", "key"), [(0, INTERRUPT), (2, END), (5, INTERRUPT), (5, END), (10, INTERRUPT)])
def test_ended_at_any_question_it_has_written_nothing(
    talk: Talk, home: Path, calendars: Storage, answered: int, key: str
) -> None:
    before = calendars.everything()
    with talk() as dialogue:
        dialogue.answers(happily(calendars)[:answered])
        dialogue.question()
        dialogue.answer(key)
        assert dialogue.end() == 130
    assert say("Stopped; nothing was written.") in dialogue.shown
    assert "Traceback" not in dialogue.shown
    assert (written(home), calendars.everything()) == ([], before)


@pytest.mark.parametrize("key", [INTERRUPT, END], ids=["Ctrl-C", "Ctrl-D"])
def test_ended_before_the_last_go_it_says_what_is_there(talk: Talk, home: Path, calendars: Storage, key: str) -> None:
    before = calendars.everything()
    with talk() as dialogue:
        dialogue.answers(happily(calendars))
        dialogue.question()
        dialogue.answer(key)
        assert dialogue.end() == 130
    assert str(the_file(home)) in dialogue.shown
    assert "To publish: coachsync sync." in dialogue.shown.splitlines()[-1]
    assert "coachsync service install" in dialogue.shown.splitlines()[-1]
    assert calendars.everything() == before
    assert list(config.load(the_file(home)).shares) == ["office"]


@pytest.mark.parametrize(("sure", "published"), [("", 0), ("yes", 5)])
def test_a_label_like_a_title_is_asked_about_once_more_and_no_title_is_shown(
    talk: Talk, home: Path, calendars: Storage, sure: str, published: int
) -> None:
    told = say("A word of the label stands in the title of an appointment, too; everybody sees the label.")
    storage = calendars.calendar("three", "Rendez-vous")
    fill(storage, 5, prefix="titled")
    for file in storage.glob("*.ics"):
        file.write_bytes(file.read_bytes().replace(b"SUMMARY:", b"SUMMARY:Marguerite, premier entretien "))
    with talk("--calendar", "Rendez-vous", "--label", "Avec MARGUERITE") as dialogue:
        dialogue.answers([*("", "", ""), calendars.url, calendars.username, calendars.password, *("", "", "")])
        assert "Publish this now?" in dialogue.question()
        assert told in dialogue.shown
        dialogue.answers(["", sure])
        assert dialogue.end() == 0
    assert "entretien" not in dialogue.shown
    assert (calendars.titled("Coaching (office)") is not None) == bool(published)


def test_an_empty_calendar_that_exists_is_used_only_with_a_yes(talk: Talk, home: Path, calendars: Storage) -> None:
    calendars.calendar("three", "Vide")
    with talk() as dialogue:
        asked = dialogue.answers([*happily(calendars)[:-1], "Vide", "no", "Vide", "yes", "no"])
        assert dialogue.end() == 0
    assert [question.startswith("This calendar exists and is empty") for question in asked[-4:-1]] == [
        True,
        False,
        True,
    ]
    assert config.load(the_file(home)).shares["office"].to == config.CalDavTarget("radicale", display_name="Vide")


def test_a_no_publishes_nothing_and_says_how_to_go_on(talk: Talk, home: Path, calendars: Storage) -> None:
    before = calendars.everything()
    with talk() as dialogue:
        dialogue.answers([*happily(calendars), "no"])
        assert dialogue.end() == 0
    assert calendars.everything() == before
    for line in ("  coachsync check", "  coachsync sync", "  coachsync service install", f"  {the_file(home)}"):
        assert line in dialogue.shown.splitlines()


def test_an_existing_configuration_is_told_before_anything_is_asked(talk: Talk, home: Path) -> None:
    the_file(home).parent.mkdir(parents=True)
    the_file(home).write_text("mine")
    with talk() as dialogue:
        assert dialogue.end() == 2
    assert "--config" in dialogue.shown
    assert the_file(home).read_text() == "mine"


def test_three_wrong_passwords_are_enough(talk: Talk, home: Path, calendars: Storage) -> None:
    wrong = [calendars.username, "wrong-1", "", "", "wrong-2", "", "", "wrong-3"]
    with talk() as dialogue:
        dialogue.answers(["", "", "", calendars.url, *wrong])
        assert dialogue.end() == 77
    assert dialogue.shown.count("capitals and spaces count") == 2
    assert "Nothing was written." in dialogue.shown
    assert "coachsync init again" in dialogue.shown.splitlines()[-1]
    assert [word for word in ("wrong-1", "wrong-2", "wrong-3") if word in dialogue.shown] == []
    assert written(home) == []


def test_each_user_name_has_three_passwords_and_the_address_can_be_mended(
    talk: Talk, home: Path, calendars: Storage
) -> None:
    wrong = ["somebody", "wrong-1", "", "", "wrong-2", "", calendars.username, "wrong-1", "", "", "wrong-2"]
    with talk() as dialogue:
        dialogue.answers(["", "", "", calendars.url, *wrong, calendars.url + "/", "", calendars.password])
        assert dialogue.question().startswith("Which one holds your sessions?")
    assert dialogue.shown.count("Found: ") == 2


def test_a_user_without_calendars_and_an_empty_password_use_up_no_try(talk: Talk, calendars: Storage) -> None:
    nobody = servers.RADICALE_USERS[-1]  # whose calendars no test makes
    again = ["", "", servers.PASSWORD]
    with talk() as dialogue:
        dialogue.answers(["", "", "", calendars.url, nobody, "", servers.PASSWORD, *again, *again, *again])
        dialogue.answers(["", calendars.username, calendars.password])
        assert dialogue.question().startswith("Which one holds your sessions?")
    assert dialogue.shown.count("Create a calendar in your calendar program") == 4


def test_what_options_say_is_not_asked(talk: Talk, calendars: Storage) -> None:
    words = ["--language", "fr", "--timezone", "Europe/Paris", "--practice", "Cabinet", "--address", calendars.url]
    words += ["--username", calendars.username, "--calendar", "Famille", "--profile", "busy", "--share", "equipe"]
    words += ["--label", "Pris", "--to-calendar", "Équipe"]
    with talk(*words) as dialogue:
        asked = dialogue.answers([calendars.password, ""])
        assert dialogue.end() == 0
    assert len(asked) == 2
    assert b"SUMMARY:Pris" in next(iter(calendars.objects("Équipe").values()))


def test_a_wrong_option_is_asked_again_with_its_reason(talk: Talk, calendars: Storage) -> None:
    with talk("--timezone", "Mars/Olympus", "--calendar", "Nobody") as dialogue:
        asked = dialogue.answers([*happily(calendars), ""])
        assert dialogue.end() == 0
    assert len(asked) == 12
    assert '"Coaching"' in dialogue.shown.partition(say("There is no such calendar."))[2]


def test_a_dash_asks_for_what_should_not_stand_on_the_command_line(talk: Talk, calendars: Storage) -> None:
    with talk("--practice", "-", "--calendar", "-") as dialogue:
        dialogue.answers([*happily(calendars), ""])
        assert dialogue.end() == 0


def test_arrow_keys_and_bytes_that_are_no_text_are_refused(talk: Talk, home: Path, calendars: Storage) -> None:
    with talk() as dialogue:
        dialogue.question()
        dialogue.answer("\x1b[D\n")
        dialogue.question()
        dialogue.answer("\udcff\udcfe\n")
        dialogue.answers([*happily(calendars), ""])
        assert dialogue.end() == 0
    assert dialogue.shown.count(say("Type it again.")) == 2
