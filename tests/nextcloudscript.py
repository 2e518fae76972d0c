"""A stand-in for Nextcloud: its login with the browser, and one calendar behind the app password that it grants."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from davscript import collection
from servers import Reply, Request

TOKEN, LOGIN, APP_PASSWORD = "poll-token-canary", "alice", "app-passw0rd-canary"
_STATUS = {"installed": True, "maintenance": False, "versionstring": "32.0.1", "productname": "Wolke 7"}


def document(content: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(content).encode(), {"Content-Type": "application/json; charset=utf-8"})


@dataclass
class NextcloudScript:
    """Answers as Nextcloud 32 does; `says` is what it calls itself, "" for its own address. The coach allows access
    once `pages` holds as many visits of the login page as `visits`, and at once where that is 0."""

    folder: str = "/"
    says: str = ""
    visits: int = 0
    pages: list[str] = field(default_factory=list)
    answers: dict[str, Reply] = field(default_factory=dict)  # by what is asked: status, start, poll
    calendars: Callable[[Request], Reply] = collection  # what lies behind the app password
    granted: bool = False

    def __call__(self, request: Request) -> Reply:
        own = self.says or f"http://{request.headers['Host']}{self.folder}".rstrip("/")
        path = request.path.removeprefix(self.folder)
        if path == "status.php":
            return self.answers.get("status") or document(_STATUS)
        if (request.method, path) == ("POST", "index.php/login/v2"):
            poll = {"token": TOKEN, "endpoint": f"{own}/login/v2/poll"}
            return self.answers.get("start") or document({"poll": poll, "login": f"{own}/login/v2/flow/page?x=1"})
        if request.method == "GET" and path.startswith("login/v2/flow/"):
            self.pages.append(path)
            return Reply(200, b"<html>Allow access?</html>")
        if (request.method, path) == ("POST", "login/v2/poll"):
            return self._polled(request, own)
        if path.startswith(("remote.php/dav", "/dav/", "dav/")):  # `collection` has its home at /dav/
            return self._opened(request)
        return Reply(404, b"<html>nothing here</html>")

    def _polled(self, request: Request, own: str) -> Reply:
        if "poll" in self.answers:
            return self.answers["poll"]
        known = parse_qs(request.body.decode()).get("token") == [TOKEN]
        if not known or self.granted or len(self.pages) < self.visits:
            return document([], 404)
        self.granted = True  # it is told once
        return document({"server": own, "loginName": LOGIN, "appPassword": APP_PASSWORD})

    def _opened(self, request: Request) -> Reply:
        expected = "Basic " + base64.b64encode(f"{LOGIN}:{APP_PASSWORD}".encode()).decode()
        if request.headers.get("Authorization") != expected:
            return Reply(401, b"", {"WWW-Authenticate": 'Basic realm="Nextcloud", charset="UTF-8"'})
        return self.calendars(request)
