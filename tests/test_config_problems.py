"""What a bad configuration is told: everything at once, in the order of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from coachsync import config
from coachsync.errors import Misconfigured
from configurations import GOOD, NOTIFY, SECOND, changed, only_problem, problems_of


def test_good_configuration_has_no_problem(tmp_path: Path) -> None:
    (tmp_path / "coachsync.toml").write_text(GOOD + SECOND)
    config.load(tmp_path / "coachsync.toml")


def test_everything_is_said_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = problems_of(
        tmp_path,
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
""",
    )
    assert [(problem.code, problem.where, problem.message.partition(":")[0]) for problem in found] == [
        ("unknown-key", "practise", "Line 2"),
        ("unknown-timezone", "practice.timezone", "Line 5"),
        ("unknown-key", "practice.langage", "Line 6"),
        ("no-tls", "accounts.cloud.url", "Line 8"),
        ("unknown-account", "calendars.coaching.account", "Line 10"),
        ("bad-duration", "calendars.coaching.interval", "Line 12"),
        ("unknown-account", "calendars.other.account", "Line 14"),
        ("unknown-calendar", "shares.office.from", "Line 17"),
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
        ('{ file = "cloud.password" }', "{}", "one-of", "accounts.cloud.password", "one of file"),
        ('file = "cloud.password"', 'file = "a", command = ["b"]', "one-of", "accounts.cloud.password", "one of"),
        ('file = "cloud.password"', 'keyring = "a", credential = "a"', "one-of", "accounts.cloud.password", "one of"),
        ('file = "cloud.password"', 'keyring = ""', "bad-name", "accounts.cloud.password.keyring", "choose"),
        ('file = "cloud.password"', 'keyring = "Zoé Martin"', "bad-name", "accounts.cloud.password.keyring", "choose"),
        ('file = "cloud.password"', 'credential = "../x"', "bad-name", "accounts.cloud.password.credential", "choose"),
        ('file = "cloud.password"', "command = []", "one-of", "accounts.cloud.password", "pass"),
        ('file = "cloud.password"', 'command = "pass show x"', "wrong-type", "accounts.cloud.password.command", "["),
        ('account = "cloud"\nname = "Coaching"', 'name = "Coaching"', "missing-key", "calendars.coaching.account", ""),
        ('name = "Coaching"\n', "", "one-of", "calendars.coaching", "name"),
        ('name = "Coaching"', 'name = "C"\nurl = "/c/"', "one-of", "calendars.coaching", "url"),
        ('name = "Coaching"', 'url = " "', "bad-url", "calendars.coaching.url", "name"),
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
        ('file = "cloud.password"', 'command = [" "]', "one-of", "accounts.cloud.password", "pass"),
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
        ('future = "P6M"', 'future = "P731D"', "bad-window", "shares.office.window.future", "shorter"),
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
def test_one_problem(tmp_path: Path, old: str, new: str, code: str, where: str, hint: str) -> None:
    found = only_problem(tmp_path, changed(old, new))
    assert (found.code, found.where) == (code, where)
    assert hint in found.hint


@pytest.mark.parametrize(
    ("old", "new", "code", "where", "hint"),
    [
        ('[notify.smtp]\nhost = "smtp.practice.example"\n', "", "missing-key", "notify", "[notify.smtp]"),
        ('mail = "me@practice.example"\n', "", "missing-key", "notify", "mail = "),
        ('host = "smtp.practice.example"\n', "", "missing-key", "notify.smtp.host", "smtp.practice.example"),
        ("me@practice.example", "practice.example", "bad-address", "notify.mail", "me@"),
        ("me@practice.example", "Me <me@practice.example>", "bad-address", "notify.mail", "without a name"),
        ("me@practice.example", "me@a.example, you@a.example", "bad-address", "notify.mail", "me@"),
        ("me@practice.example", "me@a.example\\nBcc: you@a.example", "bad-text", "notify.mail", "one line"),
        ('smtp.practice.example"\n', 'smtp.practice.example:587"\n', "bad-host", "notify.smtp.host", "smtp."),
        ('smtp.practice.example"\n', 'smtp://smtp.example"\n', "bad-host", "notify.smtp.host", "smtp."),
        ("host", "port = 0\nhost", "bad-port", "notify.smtp.port", "away"),
        ("host", "port = 65536\nhost", "bad-port", "notify.smtp.port", "away"),
        ("host", 'security = "ssl"\nhost', "unknown-value", "notify.smtp.security", "starttls"),
        ("host", 'security = "none"\nhost', "no-tls", "notify.smtp", "starttls"),
        ("host", 'username = "alice"\nhost', "missing-key", "notify.smtp", "password"),
        ("host", 'password = { file = "p" }\nhost', "missing-key", "notify.smtp", "username"),
        ("host", 'password = "x"\nhost', "password-in-configuration", "notify.smtp.password", "{ file"),
        ("host", 'sender = "nobody"\nhost', "bad-address", "notify.smtp.sender", "me@"),
        ("host", 'usrname = "alice"\nhost', "unknown-key", "notify.smtp.usrname", "username"),
        ("host", "timeout = 601\nhost", "bad-duration", "notify.smtp.timeout", "30"),
    ],
)  # fmt: skip
def test_one_problem_with_mail(tmp_path: Path, old: str, new: str, code: str, where: str, hint: str) -> None:
    assert NOTIFY.count(old) >= 1
    found = only_problem(tmp_path, GOOD + NOTIFY.replace(old, new, 1))
    assert (found.code, found.where) == (code, where)
    assert hint in found.hint


def test_file_has_no_audience_account(tmp_path: Path) -> None:
    text = changed('account = "cloud", name = "Office"', 'file = "office.ics"')
    found = only_problem(tmp_path, text + 'audience = { account = "cloud" }\n')
    assert (found.code, found.where) == ("one-of", "shares.office")
    assert "audience" in found.hint


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("[accounts.cloud]", '[database]\nurl = "postgresql://db/coach"\n[accounts.cloud]', "database.url"),
        ("[accounts.cloud]", '[database]\nurl = "sqlite:////tmp/other.db"\n[accounts.cloud]', "database.url"),
        ("[accounts.cloud]", '[database]\nurl = "sqlite://"\n[accounts.cloud]', "database.url"),
    ],
)
def test_what_this_version_cannot_honour_is_refused(tmp_path: Path, old: str, new: str, where: str) -> None:
    found = only_problem(tmp_path, changed(old, new))
    assert (found.code, found.where) == ("not-in-this-version", where)


@pytest.mark.parametrize(
    ("added", "code", "where"),
    [
        ('recurrence = "series"', "series-in-busy", "shares.office"),
        ('buffer = { after = "PT5H" }', "bad-buffer", "shares.office.buffer.after"),
        ('buffer = { before = "P1M" }', "bad-duration", "shares.office.buffer.before"),
        ('hours = { start = "18:00" }', "bad-hours", "shares.office.hours"),
        ('hours = { start = "25:00" }', "bad-time-of-day", "shares.office.hours.start"),
        ('hours = { days = ["lundi"] }', "unknown-value", "shares.office.hours.days"),
        ("categories = []", "empty-list", "shares.office.categories.only"),
        ('clients = ["Marguerite Lenoir"]', "bad-client-code", "shares.office.clients.only"),
        ('clients = { except = ["C-7F"] }', "bad-client-code", "shares.office.clients.except"),
    ],
)
def test_what_a_share_shows_is_chosen_without_doubt(tmp_path: Path, added: str, code: str, where: str) -> None:
    found = only_problem(tmp_path, changed("round_to", f"{added}\nround_to"))
    assert (found.code, found.where) == (code, where)
    assert "Marguerite" not in found.message + found.hint


@pytest.mark.parametrize("clients", ["", 'clients = ["C-7F3K2M"]', 'clients = ["S-7F3K2M", "S-9XYZ11"]'])
def test_a_share_for_a_sponsor_names_one_sponsor(tmp_path: Path, clients: str) -> None:
    found = only_problem(tmp_path, changed('profile = "busy"', f'profile = "sponsor"\n{clients}'))
    assert (found.code, found.where) == ("sponsor-missing", "shares.office")


def test_empty_file_says_what_is_missing(tmp_path: Path) -> None:
    assert [(found.code, found.where) for found in problems_of(tmp_path, "")] == [
        ("missing-key", "version"),
        ("missing-key", "practice"),
    ]


def test_sections_that_are_not_sections(tmp_path: Path) -> None:
    found = problems_of(tmp_path, 'version = 1\npractice = 1\naccounts = []\ncalendars = "x"\nshares = { a = 1 }\n')
    assert {(one.code, one.where) for one in found} == {
        ("wrong-type", "practice"),
        ("wrong-type", "accounts"),
        ("wrong-type", "calendars"),
        ("wrong-type", "shares.a"),
    }


def test_message_counts_the_problems(tmp_path: Path) -> None:
    path = tmp_path / "coachsync.toml"
    for text, count in (("version = 1\n", "a problem"), ("", "2 problems")):
        path.write_text(text)
        with pytest.raises(Misconfigured, match=count):
            config.load(path)
