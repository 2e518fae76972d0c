"""Spellings of paths and hrefs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync.adapters.caldav import hrefs
from coachsync.adapters.caldav.hrefs import Folder

HERE = Folder.at("https://Dav.Example:443/dav/s%c3%a9ances")


@pytest.mark.parametrize(
    ("path", "one"),
    [
        ("/a/b.ics", "/a/b.ics"),
        ("/a%2db/%7Ec.ics", "/a-b/~c.ics"),
        ("/%e9%c3%A9.ics", "/%E9%C3%A9.ics"),
        ("/a%2Fb/c%3Fd#.ics", "/a%2Fb/c%3Fd%23.ics"),
        ("/100%.ics", "/100%25.ics"),
        ("/%2540.ics", "/%2540.ics"),
        ("/a b&c.ics", "/a%20b&c.ics"),
    ],
)
def test_a_path_has_one_spelling(path: str, one: str) -> None:
    assert hrefs.canonical(path) == one


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_a_spelling_is_stable(path: str) -> None:
    once = hrefs.canonical(path)
    assert hrefs.canonical(once) == once
    assert once.isascii()
    assert once.count("/") == path.count("/")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://DAV.example/x", "https://dav.example"),
        ("https://alice:secret@dav.example:443/", "https://dav.example"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("https://[::1]:8443/", "https://[::1]:8443"),
        ("https://dav.example:99999/", ""),
        ("https://[::1/", ""),
    ],
)
def test_an_origin_has_one_spelling_and_no_user(url: str, origin: str) -> None:
    assert hrefs.origin(url) == origin


@pytest.mark.parametrize(
    ("href", "path"),
    [
        ("/dav/s%C3%A9ances/a.ics", "/dav/s%C3%A9ances/a.ics"),
        ("a:b.ics", "/dav/s%C3%A9ances/a:b.ics"),
        ("./a.ics", "/dav/s%C3%A9ances/a.ics"),
        ("http://dav.example:8080/dav/x", "/dav/x"),
        ("//DAV.EXAMPLE/dav/x", "/dav/x"),
        ("https://dav.example", "/"),
    ],
)
def test_an_href_is_understood_from_its_collection(href: str, path: str) -> None:
    assert HERE.resolve(href) == path


@pytest.mark.parametrize(
    "href",
    [
        "https://evil.example/dav/x",
        "//evil.example/x",
        "https://dav.example@evil.example/x",
        "https://[bad/x",
        "../x",
        "/dav/../x",
        "/dav/%2e%2E/x",
        "/dav/./x",
        "/dav/..",
    ],
)
def test_an_href_that_leads_elsewhere_has_no_path(href: str) -> None:
    assert HERE.resolve(href) is None


def test_a_collection_holds_its_direct_members_only() -> None:
    assert HERE.holds("/dav/s%C3%A9ances/a.ics")
    for path in (
        "/dav/s%C3%A9ances/",
        "/dav/s%C3%A9ances/sub/",
        "/dav/s%C3%A9ances/sub/a.ics",
        "/dav/other/a.ics",
        "/a.ics",
    ):
        assert not HERE.holds(path)


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/dav/home", "https://dav.example/dav/home"),
        ("http://dav.example:8080/dav/home/", "https://dav.example/dav/home/"),
        ("https://p1.dav.example:443/home/", "https://p1.dav.example/home/"),
        ("//other.example/home/", "https://other.example/home/"),
    ],
)
def test_a_home_may_be_on_another_host(href: str, url: str) -> None:
    assert hrefs.absolute(href, "https://dav.example/principals/alice/") == url


def test_a_domain_has_hosts_below_it() -> None:
    assert hrefs.is_below("example.org", "example.org")
    assert hrefs.is_below("dav.example.org", "example.org")
    assert not hrefs.is_below("notexample.org", "example.org")
    assert not hrefs.is_below("example.org.evil", "example.org")
