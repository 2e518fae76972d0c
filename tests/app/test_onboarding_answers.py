"""The configuration that `init` writes says what was answered, whatever that was."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync import config
from coachsync.app.language import language
from coachsync.app.onboarding.answers import Answers, Source, quoted, toml
from coachsync.config import CalDavTarget, FileTarget, single
from coachsync.config.loading import understand
from coachsync.model import Label

HERE = Path("/home/alice/.config/coachsync/coachsync.toml")
ANSWERS = Answers(
    language="fr",
    timezone="Europe/Paris",
    account="nextcloud",
    url="https://cloud.example/remote.php/dav/",
    username="alice",
    sources=(Source("coaching", name="Coaching"),),
    share="bureau",
    profile="busy",
    to_name="Coaching (bureau)",
    password_file="nextcloud.password",
)


def read(answers: Answers, code: str = "en") -> config.Config:
    return understand(toml(answers, language(code).say), HERE)


def accepted(section: str, key: str) -> st.SearchStrategy[str]:
    """Any text that may stand under this key."""
    line = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=60)
    return line.map(lambda text: text.strip() or "x").filter(lambda text: single.fault(section, key, text) is None)


WORDS = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)


@given(
    practice=accepted("practice", "name"),
    username=accepted("accounts", "username"),
    calendar=accepted("calendars", "name"),
    label=accepted("shares", "label"),
    target=accepted("to", "name"),
    share=WORDS,
    code=st.sampled_from(["en", "fr"]),
)
def test_any_names_come_back_as_they_were_given(
    practice: str, username: str, calendar: str, label: str, target: str, share: str, code: str
) -> None:
    answers = replace(
        ANSWERS,
        practice=practice,
        username=username,
        sources=(Source("coaching", name=calendar),),
        label=label,
        to_name=target if target != calendar else target + "2",
        share=share,
    )
    found = read(answers, code)
    assert found.practice.name == practice
    assert found.accounts["nextcloud"].username == username
    assert found.calendars["coaching"].display_name == calendar
    (read_share,) = found.shares.values()
    assert (read_share.name, read_share.texts[Label.BUSY]) == (share, label)
    assert read_share.to == CalDavTarget("nextcloud", display_name=answers.to_name)


@given(st.text())
def test_any_text_at_all_stays_inside_its_quotes(text: str) -> None:
    assert tomllib.loads(f"key = {quoted(text)}\nafter = 1") == {"key": text, "after": 1}


def test_what_is_usual_is_left_out_of_the_file() -> None:
    text = toml(ANSWERS, language("en").say)
    assert [word for word in ("label", "state", "ca_file") if f"\n{word} =" in text] == []
    found = read(ANSWERS)
    assert (found.practice.language, found.practice.timezone) == ("fr", "Europe/Paris")
    assert found.shares["bureau"].texts[Label.BUSY] == "Indisponible"
    assert found.accounts["nextcloud"].password == config.Secret(file=HERE.parent / "nextcloud.password")


def test_what_is_unusual_stands_in_it() -> None:
    answers = replace(ANSWERS, to_name="", to_file="/srv/www/office.ics", state="other.state", ca_file="/etc/ca.pem")
    found = read(replace(answers, profile="session", password_file="/run/secret", label="Pris"))
    assert found.shares["bureau"].to == FileTarget(Path("/srv/www/office.ics"))
    assert found.shares["bureau"].texts[Label.SESSION] == "Pris"
    assert found.practice.state == HERE.parent / "other.state"
    assert found.accounts["nextcloud"].ca_file == Path("/etc/ca.pem")
    assert found.accounts["nextcloud"].password == config.Secret(file=Path("/run/secret"))


def test_a_password_in_the_keyring_is_named_by_its_entry() -> None:
    account = read(replace(ANSWERS, password_file="", password_entry="nextcloud-2")).accounts["nextcloud"]
    assert account.password == config.Secret(keyring="nextcloud-2")


def test_several_calendars_feed_one_share() -> None:
    twins = (Source("coaching", name="Coaching"), Source("coaching-2", url="https://cloud.example/dav/x/"))
    found = read(replace(ANSWERS, sources=twins))
    assert found.shares["bureau"].calendars == ("coaching", "coaching-2")
    assert (found.calendars["coaching-2"].display_name, found.calendars["coaching-2"].url) == (None, twins[1].url)


def test_a_server_that_asks_nobody_gets_no_login() -> None:
    account = read(replace(ANSWERS, username="", password_file="")).accounts["nextcloud"]
    assert (account.username, account.password) == ("", None)


@pytest.mark.parametrize("said", ["Une remarque\n[accounts.evil]", "mot " * 100])
def test_remarks_stay_remarks_in_whatever_language(said: str) -> None:
    text = toml(ANSWERS, lambda _: said)
    assert "\n[accounts.evil]" not in text
    assert max(map(len, text.splitlines())) <= 110
    assert list(understand(text, HERE).accounts) == ["nextcloud"]


def test_no_answer_is_shown_by_accident() -> None:
    assert "alice" not in repr(ANSWERS)
    assert "cloud.example" not in repr(ANSWERS)
