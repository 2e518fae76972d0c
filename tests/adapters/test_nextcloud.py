"""Nextcloud's login with the browser, against a stand-in that answers as the manual says, and against worse ones."""

from __future__ import annotations

import itertools

import pytest

from certificates import Authority
from coachsync.adapters.nextcloud import PATIENCE, Granted, Nextcloud
from coachsync.errors import CoachsyncError, Misconfigured, Refused, Temporary
from davscript import Start
from nextcloudscript import APP_PASSWORD, LOGIN, TOKEN, NextcloudScript, document
from servers import Reply, Scripted


def timepiece(step: float = 1.0) -> tuple[list[float], dict[str, object]]:
    """A clock that sleeping moves, as arguments of `wait`; and how long was slept, each time."""
    slept: list[float] = []
    return slept, {"sleep": slept.append, "stopwatch": lambda: sum(slept)}


@pytest.mark.parametrize("folder", ["/", "/nextcloud/"])
def test_the_coach_signs_in_and_we_get_an_app_password(scripted: Start, folder: str) -> None:
    script = NextcloudScript(folder, visits=1)
    base = scripted(script).url.rstrip("/") + folder
    server = Nextcloud(base)
    assert server.there()
    flow = server.start()
    assert flow.page == f"{base}login/v2/flow/page?x=1"
    assert server.poll(flow) is None
    script.pages.append("the coach has been there")
    slept, clock = timepiece()
    assert server.wait(flow, **clock) == Granted(base, LOGIN, APP_PASSWORD)  # type: ignore[arg-type]
    assert slept == []


def test_it_is_asked_every_two_seconds_and_the_token_only_there(scripted: Start) -> None:
    script = NextcloudScript()
    server = scripted(script)
    flow = Nextcloud(server.url).start()
    script.answers["poll"] = document([], 404)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            del script.answers["poll"]

    assert Nextcloud(server.url).wait(flow, sleep=sleep, stopwatch=lambda: 0.0).username == LOGIN
    assert slept == [2.0, 2.0, 2.0]
    told = [request for request in server.requests if TOKEN.encode() in request.body]
    assert {request.path for request in told} == {"/login/v2/poll"}
    assert [request for request in server.requests if TOKEN in request.path] == []
    assert {request.headers["User-Agent"] for request in server.requests} == {"coachsync"}


def test_nobody_is_waited_for_longer_than_the_token_lives(scripted: Start) -> None:
    server = scripted(NextcloudScript(visits=1))
    slept, clock = timepiece()
    with pytest.raises(Refused) as caught:
        Nextcloud(server.url).wait(Nextcloud(server.url).start(), **clock)  # type: ignore[arg-type]
    assert caught.value.code == "browser-login-expired"
    assert "20" in caught.value.message
    assert sum(slept) == PATIENCE == 1200


def test_what_may_pass_is_waited_for(scripted: Start) -> None:
    script = NextcloudScript()
    server = Nextcloud(scripted(script).url)
    flow = server.start()
    trouble = itertools.chain([Reply(503), Reply(429), Reply(200, b"", raw=b"")])

    def sleep(_: float) -> None:
        script.answers["poll"] = next(trouble, document([], 404))
        if script.answers["poll"].status == 404:
            del script.answers["poll"]

    script.answers["poll"] = Reply(500)
    assert server.wait(flow, sleep=sleep, stopwatch=lambda: 0.0).password == APP_PASSWORD


@pytest.mark.parametrize("status", [400, 401, 403, 410])
def test_a_denial_ends_the_waiting_at_once(scripted: Start, status: int) -> None:
    server = Nextcloud(scripted(NextcloudScript(answers={"poll": Reply(status)})).url)
    slept, clock = timepiece()
    with pytest.raises(Refused) as caught:
        server.wait(server.start(), **clock)  # type: ignore[arg-type]
    assert (caught.value.code, slept) == ("browser-login-refused", [])


@pytest.mark.parametrize(
    "says", ["https://elsewhere.example", "http://127.0.0.1.evil.example", "javascript:alert(1)", "file:///etc", "x"]
)
def test_another_host_is_refused_before_anything_is_sent_or_opened(scripted: Start, says: str) -> None:
    server = scripted(NextcloudScript(says=says))
    with pytest.raises(CoachsyncError) as caught:
        Nextcloud(server.url).start()
    assert caught.value.code == "login-elsewhere"
    assert server.count == {"POST": 1}


def test_an_app_password_for_another_host_is_not_taken(scripted: Start) -> None:
    script = NextcloudScript()
    server = Nextcloud(scripted(script).url)
    flow = server.start()
    script.says = "https://elsewhere.example"
    with pytest.raises(CoachsyncError) as caught:
        server.poll(flow)
    assert caught.value.code == "login-elsewhere"


def test_a_server_behind_a_proxy_need_not_know_its_own_port(scripted: Start) -> None:
    script = NextcloudScript(says="https://127.0.0.1:1/nc", folder="/nc/")
    base = f"{scripted(script).url}nc/"
    flow = Nextcloud(base).start()
    assert flow.page == f"{base}login/v2/flow/page?x=1"
    granted = Nextcloud(base).poll(flow)
    assert granted is not None
    assert granted.base == base


GARBAGE = [
    Reply(200, b""),
    Reply(200, b"<html>log in to the hotel</html>"),
    Reply(200, b"[]"),
    Reply(200, b"[" * 100_000),
    Reply(200, b'{"installed": "yes"}'),
    Reply(200, b'{"poll": 7, "login": []}'),
    Reply(200, b'{"poll": {"token": 1, "endpoint": null}, "login": "http://127.0.0.1/x"}'),
    Reply(200, b'{"server": "http://127.0.0.1", "loginName": "alice"}'),
    Reply(200, b'{"x": "' + b"x" * (1 << 20) + b'"}'),
]


@pytest.mark.parametrize("reply", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_no_nextcloud_no_login_and_no_password(scripted: Start, reply: Reply) -> None:
    script = NextcloudScript()
    server = Nextcloud(scripted(script).url)
    flow = server.start()
    script.answers = {"status": reply, "start": reply, "poll": reply}
    assert not server.there()
    with pytest.raises(CoachsyncError) as caught:
        server.start()
    assert caught.value.code == "no-browser-login"
    with pytest.raises(CoachsyncError) as caught:
        server.poll(flow)
    assert caught.value.code == "browser-login-unclear"


def test_an_answer_that_does_not_end_is_not_believed(scripted: Start) -> None:
    padded = Reply(200, b'{"installed": true, "versionstring": "32.0.1"}' + b" " * (1 << 20))
    assert not Nextcloud(scripted(NextcloudScript(answers={"status": padded})).url).there()


def test_a_redirect_is_not_followed(scripted: Start) -> None:
    elsewhere = scripted(NextcloudScript())
    moved = Reply(302, b"", {"Location": f"{elsewhere.url}status.php"})
    server = Nextcloud(scripted(NextcloudScript(answers={"status": moved, "start": moved})).url)
    assert not server.there()
    with pytest.raises(CoachsyncError):
        server.start()
    assert elsewhere.requests == []


def test_no_proxy_of_the_environment_is_used(scripted: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = scripted(NextcloudScript())
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    assert Nextcloud(scripted(NextcloudScript()).url).there()
    assert proxy.requests == []


def test_nothing_is_sent_without_tls_but_to_this_machine() -> None:
    with pytest.raises(Misconfigured) as caught:
        Nextcloud("http://cloud.example/").there()
    assert caught.value.code == "no-tls"


def secure(scripted: Start, authority: Authority) -> Scripted:
    return scripted(NextcloudScript(), authority.context("127.0.0.1"))


def test_certificates_are_verified(scripted: Start, authority: Authority) -> None:
    server = secure(scripted, authority)
    with pytest.raises(Temporary) as caught:
        Nextcloud(server.url).there()
    assert caught.value.code == "certificate-not-trusted"
    assert Nextcloud(server.url, ca_file=authority.file).there()


def test_an_authority_that_is_no_certificate_is_told(scripted: Start, authority: Authority, tmp_path: object) -> None:
    with pytest.raises(Misconfigured) as caught:
        Nextcloud("https://127.0.0.1:1/", ca_file=authority.file.with_name("missing.pem")).there()
    assert caught.value.code == "ca-file-missing"


def test_silence_ends_after_the_timeout(scripted: Start) -> None:
    server = scripted(lambda request: Reply(200, b"{}", delay=1.0))
    with pytest.raises(Temporary) as caught:
        Nextcloud(server.url, timeout=0.1).there()
    assert caught.value.code == "timeout"


def test_no_token_and_no_password_is_shown_by_accident(scripted: Start) -> None:
    server = Nextcloud(scripted(NextcloudScript()).url)
    flow = server.start()
    shown = repr(flow) + repr(server.poll(flow))
    assert [secret for secret in (TOKEN, LOGIN, APP_PASSWORD, "flow/page") if secret in shown] == []
