"""What a bad configuration is told: everything at once, in the order of the file, without a value."""

from __future__ import annotations

import copy
import json
import os
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachsync import config
from coachsync.errors import Misconfigured, Problem

GOOD = """\
version = 1
[practice]
name = "Cabinet"
language = "fr"
timezone = "Europe/Paris"
state = "state"
[accounts.cloud]
url = "https://cloud.example/dav/"
username = "alice"
password = { file = "cloud.password" }
[calendars.coaching]
account = "cloud"
name = "Coaching"
interval = "PT5M"
[shares.office]
from = ["coaching"]
to = { account = "cloud", name = "Office" }
profile = "busy"
label = "Busy"
window = { past = "P0D", future = "P6M" }
round_to = "PT15M"
"""
SECOND = """\
[shares.second]
from = ["coaching"]
to = { account = "cloud", name = "Second" }
profile = "busy"
"""

Problems = Callable[[str | bytes], tuple[Problem, ...]]


@pytest.fixture
def problems(tmp_path: Path) -> Problems:
    def of(content: str | bytes) -> tuple[Problem, ...]:
        path = tmp_path / "coachsync.toml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        with pytest.raises(Misconfigured) as caught:
            config.load(path)
        error = caught.value
        assert (error.code, error.exit_code, error.where) == ("configuration", 78, "coachsync.toml")
        assert error.__cause__ is None
        assert error.problems
        assert all(problem.code and problem.message and problem.hint for problem in error.problems)
        return error.problems

    return of


@pytest.fixture
def problem(problems: Problems) -> Callable[[str | bytes], Problem]:
    def of(content: str | bytes) -> Problem:
        found = problems(content)
        assert len(found) == 1, found
        return found[0]

    return of


One = Callable[[str | bytes], Problem]


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def test_good_configuration_has_no_problem(tmp_path: Path) -> None:
    (tmp_path / "coachsync.toml").write_text(GOOD + SECOND)
    config.load(tmp_path / "coachsync.toml")


def test_everything_is_said_at_once_in_the_order_of_the_file(problems: Problems) -> None:
    found = problems(
        """\
version = 1
[practise]
name = "x"
[practice]
timezone = "Europe/Pari"
langage = "fr"
[accounts.cloud]
url = "http://cloud.example/"
[calendars.coaching]
account = "clod"
name = "Coaching"
interval = "5 minutes"
[calendars.other]
account = "clod"
name = "Other"
[shares.office]
from = ["coachng"]
to = { account = "cloud", nmae = "Office" }
profile = "bussy"
round_to = "PT7M"
"""
    )
    assert [(problem.code, problem.where, problem.message.partition(":")[0]) for problem in found] == [
        ("unknown-key", "practise", "Line 2"),
        ("unknown-timezone", "practice.timezone", "Line 5"),
        ("unknown-key", "practice.langage", "Line 6"),
        ("no-tls", "accounts.cloud.url", "Line 8"),
        ("bad-duration", "calendars.coaching.interval", "Line 12"),
        ("unknown-account", "calendars.other.account", "Line 14"),
        ("unknown-key", "shares.office.to.nmae", "Line 18"),
        ("unknown-value", "shares.office.profile", "Line 19"),
        ("bad-rounding", "shares.office.round_to", "Line 20"),
    ]
    hints = {problem.where: problem.hint for problem in found}
    assert hints["practise"] == 'Did you mean "practice"?'
    assert hints["practice.timezone"] == 'Did you mean "Europe/Paris"?'
    assert hints["practice.langage"] == 'Did you mean "language"?'
    assert hints["shares.office.to.nmae"] == 'Did you mean "name"?'
    assert hints["shares.office.profile"] == 'Did you mean "busy"?'
    assert hints["calendars.other.account"] == 'Did you mean "cloud"?'


@pytest.mark.parametrize(
    ("old", "new", "code", "where", "hint"),
    [
        ("version = 1", "", "missing-key", "version", "version = 1"),
        ("version = 1", "version = 2", "unknown-version", "version", "version = 1"),
        ("version = 1", 'version = "1"', "unknown-version", "version", "version = 1"),
        ('timezone = "Europe/Paris"\n', "", "missing-key", "practice.timezone", "Europe/Paris"),
        ('"Europe/Paris"', '"Mars/Base"', "unknown-timezone", "practice.timezone", "Europe/Paris"),
        ('"Europe/Paris"', '"paris"', "unknown-timezone", "practice.timezone", '"Europe/Paris"?'),
        ('"Europe/Paris"', '"Europe"', "unknown-timezone", "practice.timezone", "Europe/"),
        ('"Europe/Paris"', '"/etc/passwd"', "unknown-timezone", "practice.timezone", "Europe/Paris"),
        ('"Europe/Paris"', '"../../etc/passwd"', "unknown-timezone", "practice.timezone", "Europe/Paris"),
        ('"Europe/Paris"', "1", "wrong-type", "practice.timezone", "quotes"),
        ('language = "fr"', 'language = "de"', "unknown-value", "practice.language", "en, fr"),
        ('language = "fr"', 'language = "FR"', "unknown-value", "practice.language", '"fr"?'),
        ('name = "Cabinet"', "name = 2025-01-01", "wrong-type", "practice.name", "quotes"),
        ('name = "Cabinet"', 'name = "a\\nb"', "bad-text", "practice.name", "one line"),
        ('state = "state"', 'state = " "', "empty-text", "practice.state", "leave"),
        ('state = "state"', 'state = "~nobody-of-that-name/x"', "bad-path", "practice.state", "whole path"),
        ('username = "alice"\n', "", "missing-key", "accounts.cloud", "username"),
        ('username = "alice"', "username = true", "wrong-type", "accounts.cloud.username", "quotes"),
        ('username = "alice"', "timeout = 0\nusername = 'a'", "bad-duration", "accounts.cloud.timeout", "30"),
        ('username = "alice"', "timeout = 601\nusername = 'a'", "bad-duration", "accounts.cloud.timeout", "30"),
        ('username = "alice"', "timeout = true\nusername = 'a'", "bad-duration", "accounts.cloud.timeout", "30"),
        ('username = "alice"', "timeout = nan\nusername = 'a'", "bad-duration", "accounts.cloud.timeout", "30"),
        ('username = "alice"', "timeout = 'P1M'\nusername = 'a'", "bad-duration", "accounts.cloud.timeout", "days"),
        ('username = "alice"', "timeuot = 3\nusername = 'a'", "unknown-key", "accounts.cloud.timeuot", '"timeout"?'),
        ('{ file = "cloud.password" }', "{}", "one-of", "accounts.cloud.password", "file or command"),
        ('file = "cloud.password"', 'file = "a", command = ["b"]', "one-of", "accounts.cloud.password", "either"),
        ('file = "cloud.password"', "command = []", "one-of", "accounts.cloud.password", "pass"),
        ('file = "cloud.password"', 'command = "pass show x"', "wrong-type", "accounts.cloud.password.command", "["),
        ('account = "cloud"\nname = "Coaching"', 'name = "Coaching"', "missing-key", "calendars.coaching.account", ""),
        ('name = "Coaching"\n', "", "one-of", "calendars.coaching", "name"),
        ('name = "Coaching"', 'name = "C"\nurl = "/c/"', "one-of", "calendars.coaching", "url"),
        ('interval = "PT5M"', "interval = 300", "bad-duration", "calendars.coaching.interval", "PT15M"),
        ('interval = "PT5M"', 'interval = "PT0S"', "bad-duration", "calendars.coaching.interval", "PT5M"),
        ('interval = "PT5M"', 'interval = "P2D"', "bad-duration", "calendars.coaching.interval", "PT5M"),
        ('interval = "PT5M"', 'interval = "P1M"', "bad-duration", "calendars.coaching.interval", "minutes"),
        ('from = ["coaching"]', "from = []", "empty-list", "shares.office.from", "at least one"),
        ('from = ["coaching"]', 'from = "coaching"', "wrong-type", "shares.office.from", "["),
        ('from = ["coaching"]', "from = [1]", "wrong-type", "shares.office.from", "quotes"),
        ('from = ["coaching"]', 'from = ["coaching", "coaching"]', "named-twice", "shares.office.from", "once"),
        ('from = ["coaching"]', 'from = ["Coaching"]', "unknown-calendar", "shares.office.from", '"coaching"?'),
        ('from = ["coaching"]', 'from = ["zzz"]', "unknown-calendar", "shares.office.from", "coaching."),
        ('from = ["coaching"]\n', "", "missing-key", "shares.office.from", "from"),
        ('account = "cloud", name = "Office"', "", "one-of", "shares.office.to", "file"),
        ('account = "cloud", name = "Office"', 'account = "cloud"', "one-of", "shares.office.to", "name"),
        ('{ account = "cloud",', '{ account = "x",', "unknown-account", "shares.office.to.account", "cloud"),
        ('name = "Office"', 'file = "a.ics"', "one-of", "shares.office.to", "either"),
        ('account = "cloud", name = "Office"', 'file = "office.txt"', "not-an-ics-file", "shares.office.to", ".ics"),
        ('account = "cloud", name = "Office"', 'file = "state/o.ics"', "target-in-state", "shares.office.to.file", "f"),
        ('{ account = "cloud", name = "Office" }', '"Office"', "wrong-type", "shares.office.to", "{"),
        ('profile = "busy"\n', "", "missing-key", "shares.office.profile", "busy"),
        ('label = "Busy"', 'label = ""', "empty-text", "shares.office.label", "leave"),
        ('label = "Busy"', f'label = "{"x" * 61}"', "text-too-long", "shares.office.label", "Shorten"),
        ('past = "P0D"', 'past = "P13M"', "bad-window", "shares.office.window.past", "shorter"),
        ('past = "P0D"', 'past = "PT1H"', "bad-window", "shares.office.window.past", "P6M"),
        ('past = "P0D"', 'past = "-P1D"', "bad-duration", "shares.office.window.past", "P6M"),
        ('future = "P6M"', 'future = "P25M"', "bad-window", "shares.office.window.future", "shorter"),
        ('future = "P6M"', 'future = "P900D"', "bad-window", "shares.office.window.future", "shorter"),
        ('future = "P6M"', 'future = "P1M800D"', "bad-window", "shares.office.window.future", "shorter"),
        ('future = "P6M"', 'futur = "P6M"', "unknown-key", "shares.office.window.futur", '"future"?'),
        ('"PT15M"', '"PT0M"', "bad-rounding", "shares.office.round_to", "PT15M"),
        ('"PT15M"', '"PT45M"', "bad-rounding", "shares.office.round_to", "PT15M"),
        ('"PT15M"', '"PT2H"', "bad-rounding", "shares.office.round_to", "PT15M"),
        ('"PT15M"', "15", "bad-duration", "shares.office.round_to", "PT15M"),
        ("round_to", 'audience = { account = "x" }\nround_to', "unknown-account", "shares.office.audience.account", ""),
        ("round_to", 'all_day = "yes"\nround_to', "unknown-value", "shares.office.all_day", "working-hours"),
        ("round_to", 'publish = "weekly"\nround_to', "unknown-value", "shares.office.publish", "daily"),
        ("[accounts.cloud]", "[inbox]\n[accounts.cloud]", "missing-key", "inbox.folder", "folder"),
        ("[accounts.cloud]", "[vault]\nlock = 1\n[accounts.cloud]", "unknown-key", "vault.lock", "lock_after"),
        ("[accounts.cloud]", "[notify]\ndesktop = 1\n[accounts.cloud]", "wrong-type", "notify.desktop", "true or"),
    ],
)  # fmt: skip
def test_one_problem(problem: One, old: str, new: str, code: str, where: str, hint: str) -> None:
    found = problem(changed(old, new))
    assert (found.code, found.where) == (code, where)
    assert hint in found.hint


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('profile = "busy"', 'profile = "pseudonym"', "shares.office.profile"),
        ('profile = "busy"', 'profile = "sponsor"', "shares.office.profile"),
        ("round_to", 'recurrence = "series"\nround_to', "shares.office.recurrence"),
        ("round_to", 'buffer = "PT10M"\nround_to', "shares.office.buffer"),
        ("round_to", 'hours = { start = "08:00" }\nround_to', "shares.office.hours"),
        ("round_to", "categories = []\nround_to", "shares.office.categories"),
        ("round_to", 'clients = ["C-7F3K2M"]\nround_to', "shares.office.clients"),
        ("round_to", "public_link = true\nround_to", "shares.office.public_link"),
        ("interval", 'categories = ["coaching"]\ninterval', "calendars.coaching.categories"),
        ('file = "cloud.password"', 'keyring = "cloud"', "accounts.cloud.password.keyring"),
        ('file = "cloud.password"', 'credential = "cloud"', "accounts.cloud.password.credential"),
        ("[accounts.cloud]", '[database]\nurl = "postgresql://db/coach"\n[accounts.cloud]', "database.url"),
        ("[accounts.cloud]", '[database]\nurl = "sqlite:////tmp/other.db"\n[accounts.cloud]', "database.url"),
        ("[accounts.cloud]", '[database]\nurl = "sqlite://"\n[accounts.cloud]', "database.url"),
    ],
)
def test_what_this_version_cannot_honour_is_refused(problem: One, old: str, new: str, where: str) -> None:
    found = problem(changed(old, new))
    assert (found.code, found.where) == ("not-in-this-version", where)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://cloud.example/", "no-tls"),
        ("http://192.168.1.2/", "no-tls"),
        ("http://localhost.evil.example/", "no-tls"),
        ("https://alice:hunter2@cloud.example/", "credentials-in-url"),
        ("https://alice@cloud.example/", "credentials-in-url"),
        ("cloud.example/dav", "bad-url"),
        ("ftp://cloud.example/", "bad-url"),
        ("https:///dav", "bad-url"),
        ("https://cloud.example:port/", "bad-url"),
        ("https://[::1/", "bad-url"),
        ("https://cloud.example/?token=hunter2", "bad-url"),
        ("https://cloud.example/#x", "bad-url"),
        ("https://cloud.example/a b", "bad-url"),
        ("https://cloud.example/\\u202e", "bad-url"),
    ],
)
def test_addresses_that_are_refused(problem: One, url: str, code: str) -> None:
    found = problem(changed("https://cloud.example/dav/", url))
    assert (found.code, found.where) == (code, "accounts.cloud.url")
    assert "hunter2" not in repr(found)
    if ":" in url:  # without a scheme it is relative to the account's
        found = problem(changed('name = "Coaching"', f'url = "{url}"'))
        assert (found.code, found.where) == (code, "calendars.coaching.url")


@pytest.mark.parametrize("host", ["localhost:5232", "127.0.0.1", "127.8.9.1:80", "[::1]:8080", "LOCALHOST"])
def test_plain_http_is_fine_on_this_machine(tmp_path: Path, host: str) -> None:
    path = tmp_path / "coachsync.toml"
    path.write_text(changed("https://cloud.example/dav/", f"http://{host}/"))
    assert config.load(path).accounts["cloud"].url == f"http://{host}/"


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ('name = "Coaching"', 'account = "cloud", name = "Coaching"'),
        ('name = "Coaching"', 'account = "cloud", name = " Coaching "'),
        ('name = "Coaching"', 'account = "again", name = "Coaching"'),
        ('url = "/dav/c/"', 'account = "cloud", url = "/dav/c/"'),
        ('url = "/dav/c/"', 'account = "cloud", url = "c"'),
        ('url = "/dav/c/"', 'account = "cloud", url = "https://cloud.example/dav/c"'),
        ('url = "/dav/c/"', 'account = "cloud", url = "https://CLOUD.example:443/dav/./x/../c/"'),
        ('url = "/dav/c/"', 'account = "cloud", url = "/dav/%63/"'),
        ('url = "/dav/%C3%A9/"', 'account = "cloud", url = "/dav/é/"'),
        ('url = "/dav/c/"', 'account = "other", url = "https://cloud.example/dav/c/"'),
        ('url = "https://é.example/c/"', 'account = "other", url = "https://xn--9ca.example/c/"'),
    ],
)
def test_share_into_its_own_source_is_refused(problem: One, source: str, target: str) -> None:
    text = changed('name = "Coaching"', source).replace('account = "cloud", name = "Office"', target)
    text += '[accounts.again]\nurl = "https://cloud.example:443/dav"\nusername = "alice"\n'
    text += '[accounts.other]\nurl = "https://other.example/"\nusername = "alice"\n'
    found = problem(text)
    assert (found.code, found.where) == ("target-is-source", "shares.office.to")


def test_share_into_a_source_that_it_is_not_made_from_is_refused(problem: One) -> None:
    other = '[calendars.private]\naccount = "cloud"\nname = "Office"\n'
    assert problem(GOOD + other).code == "target-is-source"


def test_same_calendar_name_at_another_login_is_another_calendar(tmp_path: Path) -> None:
    path = tmp_path / "coachsync.toml"
    text = changed('account = "cloud", name = "Office"', 'account = "other", name = "Coaching"')
    path.write_text(text + '[accounts.other]\nurl = "https://cloud.example/dav/"\nusername = "assistant"\n')
    config.load(path)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('account = "cloud", name = "Office"', 'account = "cloud", name = "Office"'),
        ('account = "cloud", url = "/dav/o/"', 'account = "cloud", url = "o/"'),
        ('file = "a.ics"', 'file = "./x/../a.ics"'),
    ],
)
def test_two_shares_to_one_place_are_refused(problem: One, one: str, other: str) -> None:
    text = changed('account = "cloud", name = "Office"', one)
    found = problem(text + SECOND.replace('account = "cloud", name = "Second"', other))
    assert (found.code, found.where) == ("same-target", "shares.second.to")


def test_file_in_the_state_folder_is_refused_through_a_link_too(problem: One, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "www").symlink_to("state")
    found = problem(changed('account = "cloud", name = "Office"', 'file = "www/office.ics"'))
    assert found.code == "target-in-state"


@pytest.mark.parametrize("name", ["Zoé Martin", "a.b", "", "x" * 41, "a/b", "né"])
def test_names_are_plain_and_a_bad_one_is_not_repeated(problems: Problems, name: str) -> None:
    for section in ("accounts.cloud", "calendars.coaching", "shares.office"):
        first = section.partition(".")[0]
        found = problems(changed(f"[{section}]", f'[{first}."{name}"]'))
        assert ("bad-name", f"{first}.?") in {(problem.code, problem.where) for problem in found}
        assert not name or name not in repr(found)


@pytest.mark.parametrize(
    "line",
    [
        'password = "hunter2"',
        'password = ["hunter2"]',
        'password = { plain = "hunter2" }',
        'password = { file = { hunter2 = 1 } }',
        'password = { keyring = "hunter2" }',
        'pasword = "hunter2"',
        'password = { command = "echo hunter2" }',
        'timeout = "hunter2"',
        'ca_file = ["hunter2"]',
        'password = "hunter2',
        "password = hunter2",
        "password = { file = 'hunter2' ",
        "hunter2 hunter2 = 1",
        '"hunter2!" = 1',
        "username = 'hunter2'",
        "username = '''hunter2\\n\nb'''",
    ],
)  # fmt: skip
def test_p12_value_is_never_repeated(problems: Problems, line: str) -> None:
    text = GOOD.replace('password = { file = "cloud.password" }', line)
    assert "hunter2" not in repr(problems(text))


def test_p12_value_is_never_repeated_wherever_it_stands(problems: Problems) -> None:
    lines = GOOD.splitlines()
    for number, line in enumerate(lines):
        key, equals, _ = line.partition(" = ")
        if equals:
            lines[number] = f'{key} = ["hunter2", {{ file = "hunter2" }}]'
            assert "hunter2" not in repr(problems("\n".join(lines)))
            lines[number] = line


def test_password_in_the_file_is_told_where_it_belongs(problem: One) -> None:
    found = problem(changed('{ file = "cloud.password" }', '"hunter2"'))
    assert (found.code, found.where) == ("password-in-configuration", "accounts.cloud.password")
    assert "{ file = " in found.hint


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("version = 1\n[practice\n", "line 2", "Line 2, column 10"),
        ("version = 1\nname = Cabinet\n", "line 2", "quotes"),
        ("version = \n", "line 1", "quotes"),
        ("version = 1\nversion = 1\n", "line 2", "twice"),
        ("[a]\nb = 1\n[a]\n", "line 3", "twice"),
        ("a = { b = 1, b = 2 }\n", "line 1", "twice"),
        ('a = "C:\\Users"\n', "line 1", "backslash"),
        ("a = [1,\n2", "line 2", "end of the file"),
        ('a = "open\n', "line 1", "quote"),
        ("a 1\n", "line 1", '"="'),
        ("a = 1 2\n", "line 1", "left over"),
        ("a = 2025-13-45\n", "line 1", "Line 1"),
        ("a = " + "[" * 5000, "line 1", "Line 1"),
        ("a = " + "1" * 5000 + "\n", "line 1", "Line 1"),
    ],
)
def test_syntax_is_shown_by_line_and_column(problem: One, text: str, place: str, said: str) -> None:
    found = problem(text)
    assert (found.code, found.where) == ("toml-syntax", place)
    assert said in found.message + found.hint


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("version = 1\n# é\n".encode("latin-1"), "not-utf-8"),
        (GOOD.encode("utf-16"), "not-utf-8"),
        (b"#" * ((1 << 20) + 1), "configuration-too-long"),
        (b"\x00", "toml-syntax"),
    ],
)
def test_file_that_is_no_text_for_us(problem: One, content: bytes, code: str) -> None:
    assert problem(content).code == code


def test_line_of_the_first_byte_that_is_not_utf_8(problem: One) -> None:
    assert problem("version = 1\n\nname = 'é'\n".encode("latin-1")).where == "line 3"


def test_empty_file_says_what_is_missing(problems: Problems) -> None:
    assert [(found.code, found.where) for found in problems("")] == [
        ("missing-key", "version"),
        ("missing-key", "practice"),
    ]


def test_sections_that_are_not_sections(problems: Problems) -> None:
    found = problems('version = 1\npractice = 1\naccounts = []\ncalendars = "x"\nshares = { a = 1 }\n')
    assert {(one.code, one.where) for one in found} == {
        ("wrong-type", "practice"),
        ("wrong-type", "accounts"),
        ("wrong-type", "calendars"),
        ("wrong-type", "shares.a"),
    }


@pytest.mark.parametrize("kind", ["missing", "folder", "below a file"])
def test_file_that_cannot_be_read(tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").touch()
    path = {"missing": tmp_path / "none", "folder": tmp_path, "below a file": tmp_path / "file" / "x"}[kind]
    with pytest.raises(Misconfigured) as caught:
        config.load(path)
    expected = "configuration-missing" if kind == "missing" else "configuration-unreadable"
    assert [problem.code for problem in caught.value.problems] == [expected]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "coachsync.toml"
    path.write_text(GOOD)
    path.chmod(0)
    with pytest.raises(Misconfigured) as caught:
        config.load(path)
    assert caught.value.problems[0].code == "configuration-unreadable"


def test_message_counts_the_problems(tmp_path: Path) -> None:
    path = tmp_path / "coachsync.toml"
    for text, count in (("version = 1\n", "a problem"), ("", "2 problems")):
        path.write_text(text)
        with pytest.raises(Misconfigured, match=count):
            config.load(path)


CANARY = "hunter2"
ANYTHING = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x7f"), max_size=8).map(
            lambda text: f"{CANARY}{text}"
        ),
        st.sampled_from(["", "PT5M", "P6M", "https://cloud.example/", "busy", "cloud", "coaching", "~", "/", "\u2028"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["file", "name", "account"]), inner),
    max_leaves=5,
)


def inline(value: object) -> str:
    """A value of parsed TOML, written in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {inline(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("NaN", "nan").replace("Infinity", "inf")


def places(value: object) -> list[tuple[dict[str, object], str]]:
    """Every table and key of parsed TOML."""
    if not isinstance(value, dict):
        return []
    return [(value, key) for key in value] + [place for inner in value.values() for place in places(inner)]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_p12_any_value_anywhere_is_read_or_refused_and_never_repeated(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    document = copy.deepcopy(tomllib.loads(GOOD + SECOND))
    for _ in range(data.draw(st.integers(1, 3))):
        table, key = data.draw(st.sampled_from(places(document)))
        if data.draw(st.booleans()):
            del table[key]
        else:
            table[key] = data.draw(ANYTHING)
    text = "".join(f"{key} = {inline(value)}\n" for key, value in document.items())
    assert tomllib.loads(text).keys() == document.keys()
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8")
    found = refusal(path)
    if found is not None:
        assert found.problems
        assert all(problem.where and problem.message and problem.hint for problem in found.problems)
        assert CANARY not in repr(found.problems) + str(found)


def refusal(path: Path) -> Misconfigured | None:
    try:
        config.load(path)
    except Misconfigured as error:
        return error
    return None
