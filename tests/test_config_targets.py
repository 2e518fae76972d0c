"""Servers that are refused, and shares that would be written where they must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from coachsync import config
from configurations import GOOD, SECOND, changed, only_problem


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
        ("https://cloud.example:0/", "bad-url"),
        ("https://[::1/", "bad-url"),
        ("https://cloud.example/?token=hunter2", "bad-url"),
        ("https://cloud.example/#x", "bad-url"),
        ("https://cloud.example/a b", "bad-url"),
        ("https://cloud.example/\\u202e", "bad-url"),
    ],
)
def test_addresses_that_are_refused(tmp_path: Path, url: str, code: str) -> None:
    found = only_problem(tmp_path, changed("https://cloud.example/dav/", url))
    assert (found.code, found.where) == (code, "accounts.cloud.url")
    assert "hunter2" not in repr(found)
    if ":" in url:  # without a scheme it is relative to the account's
        found = only_problem(tmp_path, changed('name = "Coaching"', f'url = "{url}"'))
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
        ('url = "/dav/c/"', 'account = "other", url = "https://cloud.example./dav/c/"'),
        ('url = "http://localhost/c/"', 'account = "cloud", url = "http://localhost:80/c/"'),
        ('url = "https://é.example/c/"', 'account = "other", url = "https://xn--9ca.example/c/"'),
    ],
)
def test_share_into_its_own_source_is_refused(tmp_path: Path, source: str, target: str) -> None:
    text = changed('name = "Coaching"', source).replace('account = "cloud", name = "Office"', target)
    text += '[accounts.again]\nurl = "https://cloud.example:443/dav"\nusername = "alice"\n'
    text += '[accounts.other]\nurl = "https://other.example/"\nusername = "alice"\n'
    found = only_problem(tmp_path, text)
    assert (found.code, found.where) == ("target-is-source", "shares.office.to")


def test_share_into_a_source_that_it_is_not_made_from_is_refused(tmp_path: Path) -> None:
    other = '[calendars.private]\naccount = "cloud"\nname = "Office"\n'
    assert only_problem(tmp_path, GOOD + other).code == "target-is-source"


@pytest.mark.parametrize(
    "target", ["https://other.example/dav/c/", "https://cloud.example:8443/dav/c/", "/dav/c/d/", "/c/", "/DAV/C/"]
)
def test_another_address_is_another_calendar(tmp_path: Path, target: str) -> None:
    path = tmp_path / "coachsync.toml"
    text = changed('name = "Coaching"', 'url = "/dav/c/"').replace('name = "Office"', f'url = "{target}"')
    path.write_text(text)
    config.load(path)


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
def test_two_shares_to_one_place_are_refused(tmp_path: Path, one: str, other: str) -> None:
    text = changed('account = "cloud", name = "Office"', one)
    found = only_problem(tmp_path, text + SECOND.replace('account = "cloud", name = "Second"', other))
    assert (found.code, found.where) == ("same-target", "shares.second.to")


def test_file_in_the_state_folder_is_refused_through_a_link_too(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "www").symlink_to("state")
    found = only_problem(tmp_path, changed('account = "cloud", name = "Office"', 'file = "www/office.ics"'))
    assert found.code == "target-in-state"
