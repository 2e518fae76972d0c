"""Opening a page in the coach's browser, if there is one."""

from __future__ import annotations

import webbrowser

import pytest

from coachsync.adapters import browser

PAGE = "https://cloud.example/login/v2/flow/page"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    pages: list[str] = []

    def open_page(url: str) -> bool:
        pages.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", open_page)
    monkeypatch.setattr("sys.platform", "linux")
    return pages


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"])
def test_on_a_desktop_the_page_is_opened(opened: list[str], name: str) -> None:
    assert browser.show(PAGE, {name: ":0"})
    assert opened == [PAGE]


def test_without_a_desktop_no_text_browser_takes_the_terminal(opened: list[str]) -> None:
    assert not browser.show(PAGE, {"TERM": "xterm", "DISPLAY": ""})
    assert opened == []


def test_a_browser_that_does_not_start_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(url: str) -> bool:
        raise webbrowser.Error

    monkeypatch.setattr(webbrowser, "open", fail)
    assert not browser.show(PAGE, {"DISPLAY": ":0"})
