"""What people type as the address of their calendar, and what it is taken for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync.app.onboarding import providers
from coachsync.app.onboarding.address import Address, understand
from coachsync.config import urls
from coachsync.errors import CoachsyncError, UsageError

ICLOUD = ("https://icloud.com/", "iCloud")
FASTMAIL = ("https://caldav.fastmail.com/", "Fastmail")
MAILBOX = ("https://dav.mailbox.org/", "mailbox.org")
INFOMANIAK = ("https://sync.infomaniak.com/", "Infomaniak")


def first(address: Address) -> tuple[str, str]:
    return address.starts[0].url, address.starts[0].provider.name


@pytest.mark.parametrize(
    ("typed", "place", "username"),
    [
        ("alice@fastmail.com", FASTMAIL, "alice@fastmail.com"),
        (" <mailto:Alice@Fastmail.com> ", FASTMAIL, "Alice@Fastmail.com"),
        ("alice@icloud.com", ICLOUD, "alice@icloud.com"),
        ("alice@me.com", ICLOUD, "alice@me.com"),
        ("alice@mailbox.org", MAILBOX, "alice@mailbox.org"),
        ("alice@ik.me", INFOMANIAK, ""),  # the user name there is another one
        ("fastmail", FASTMAIL, ""),
        ("iCloud", ICLOUD, ""),
        ("Infomaniak", INFOMANIAK, ""),
        ("mailbox.org", MAILBOX, ""),
        ("https://www.icloud.com/calendar/", ICLOUD, ""),
        ("https://p42-caldav.icloud.com/1234/calendars/home/", ICLOUD, ""),
        ("https://app.fastmail.com/calendar/2026-11-25", FASTMAIL, ""),
        ("https://caldav.fastmail.com/dav/principals/user/alice@fastmail.com/", FASTMAIL, ""),
        ("https://office.mailbox.org/appsuite/#!!&app=io.ox/calendar", MAILBOX, ""),
        ("https://calendar.infomaniak.com/", INFOMANIAK, ""),
    ],
)
def test_a_provider_is_known_by_its_mail_addresses_names_and_pages(
    typed: str, place: tuple[str, str], username: str
) -> None:
    found = understand(typed)
    assert (first(found), len(found.starts), found.username) == (place, 1, username)


@pytest.mark.parametrize(
    ("typed", "base"),
    [
        ("https://cloud.example/apps/calendar/timeGridWeek/now", "https://cloud.example/"),
        ("https://cloud.example/index.php/apps/calendar/", "https://cloud.example/"),
        ("https://cloud.example/nextcloud/index.php/login?redirect=1", "https://cloud.example/nextcloud/"),
        ("https://cloud.example/remote.php/dav/calendars/alice/personal/", "https://cloud.example/"),
        ("https://cloud.example:8443/nc/remote.php/caldav", "https://cloud.example:8443/nc/"),
        ("cloud.example/login", "https://cloud.example/"),
    ],
)
def test_a_page_of_nextcloud_leads_to_its_calendars(typed: str, base: str) -> None:
    found = understand(typed)
    assert first(found) == (f"{base}remote.php/dav/", "Nextcloud")
    assert found.nextclouds == (base,)


@pytest.mark.parametrize(
    ("typed", "url", "name"),
    [
        ("https://mail.example/SOGo/so/alice/Calendar/view", "https://mail.example/SOGo/dav/", "SOGo"),
        ("mail.example/SOGo", "https://mail.example/SOGo/dav/", "SOGo"),
        ("https://dav.example/radicale/.web/", "https://dav.example/radicale/", "Radicale"),
        ("https://dav.example:5232", "https://dav.example:5232/", "Radicale"),
        ("localhost:5232", "http://localhost:5232/", "Radicale"),
        ("caldavs://dav.example/home/", "https://dav.example/home/", ""),
    ],
)
def test_other_servers_are_known_by_their_paths_and_ports(typed: str, url: str, name: str) -> None:
    assert first(understand(typed)) == (url, name)


def test_a_bare_host_may_be_anything() -> None:
    found = understand("Cloud.Example")
    assert [start.url.lower() for start in found.starts] == [
        "https://cloud.example/",
        "https://cloud.example/sogo/dav/",
    ]
    assert [base.lower() for base in found.nextclouds] == ["https://cloud.example/"]
    assert found.username == ""


def test_a_folder_is_looked_at_before_the_whole_host() -> None:
    found = understand("https://cloud.example/cloud")
    assert found.starts[0].url == "https://cloud.example/cloud/"
    assert found.nextclouds == ("https://cloud.example/cloud/", "https://cloud.example/")


def test_a_mail_address_of_an_unknown_domain_is_asked_of_that_domain() -> None:
    found = understand("alice@practice.example")
    assert (first(found)[0], found.username) == ("https://practice.example/", "alice@practice.example")


def test_a_user_name_in_the_address_is_understood_and_taken_out() -> None:
    found = understand("https://alice%40home@dav.example:8443/cal/?x=1#y")
    assert (found.username, found.starts[0].url) == ("alice@home", "https://dav.example:8443/cal/")


@pytest.mark.parametrize("typed", ["127.0.0.1:8000", "localhost", "http://[::1]:8000/"])
def test_this_machine_may_be_asked_without_tls(typed: str) -> None:
    assert first(understand(typed))[0].startswith("http://")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "no-address"),
        ("   ", "no-address"),
        ("http://cloud.example/", "no-tls"),
        ("caldav://cloud.example/", "no-tls"),
        ("webcal://cloud.example/alice.ics", "only-a-feed"),
        ("https://alice:canary@cloud.example/", "credentials-in-url"),
        ("https://", "bad-url"),
        ("ftp://cloud.example", "bad-url"),
        ("two words", "bad-url"),
        ("https://[broken", "bad-url"),
        ("https://cloud.example:99999/", "bad-url"),
        ("nextcloud", "which-server"),
        ("SOGo", "which-server"),
        ("alice@gmail.com", "provider-closed"),
        ("https://calendar.google.com/", "provider-closed"),
        ("alice@hotmail.fr", "provider-closed"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason_and_a_way_out(typed: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        understand(typed)
    assert (caught.value.code, bool(caught.value.message), bool(caught.value.hint)) == (code, True, True)
    assert "canary" not in caught.value.message + caught.value.hint


@given(st.text() | st.from_regex(r"(https?|caldavs?)://[a-z@:/.\[\]%?#]{0,30}"))
def test_whatever_is_typed_leads_to_addresses_that_the_configuration_accepts_or_to_a_reason(typed: str) -> None:
    try:
        found = understand(typed)
    except CoachsyncError as problem:
        told = problem.hint
    else:
        told = found.starts[0].url
        assert [urls.wrong(start.url) for start in found.starts] == [None] * len(found.starts)
        assert all(urls.wrong(base) is None and base.endswith("/") for base in found.nextclouds)
    assert told


def test_every_provider_says_which_user_name_and_which_password_it_wants() -> None:
    for provider in (*providers.KNOWN, providers.OTHER):
        assert provider.username
        assert "password" in provider.password
        assert provider.name in provider.password
    assert len({provider.key for provider in providers.KNOWN}) == len(providers.KNOWN) == 7


@pytest.mark.parametrize("host", ["notfastmail.com", "fastmail.com.evil.example", "mailbox.org.example"])
def test_a_host_that_only_looks_like_a_provider_is_none(host: str) -> None:
    assert providers.of_domain(host) is None
