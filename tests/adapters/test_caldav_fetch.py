"""Reading objects: batches, and what is done when a batch cannot be read. Over scripted servers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import pytest

from coachsync.adapters.caldav import transport
from coachsync.adapters.caldav.multiget import BATCH
from coachsync.errors import NotThere, ObjectsRefused, Temporary
from coachsync.model import Item
from davscript import CALENDAR, Connect, Start, about, always, asked_hrefs, calendar_url, member, multistatus, whole
from servers import Reply, Request, Scripted


class Shelf:
    """A calendar that holds these texts by file name; `status` overrides how a single object is answered."""

    def __init__(self, texts: dict[str, bytes]) -> None:
        self.texts = {CALENDAR + name: text for name, text in texts.items()}
        self.status: dict[str, int] = {}
        self.headers = {"ETag": '"1"', "Content-Type": "text/calendar"}
        self.multiget: Callable[[list[str]], Reply] = self._multiget

    def __call__(self, request: Request) -> Reply:
        if request.method == "REPORT":
            return self.multiget(asked_hrefs(request))
        if request.path in self.status:
            return Reply(self.status[request.path])
        if request.path not in (*self.texts, CALENDAR):
            return Reply(404)
        if request.method == "PROPFIND":
            return multistatus(member(request.path, '"own"'))
        return Reply(200, self.texts[request.path], self.headers)

    def _multiget(self, hrefs: list[str]) -> Reply:
        there = [member(href, '"1"', data=self.texts[href].decode()) for href in hrefs if href in self.texts]
        return multistatus(*there, *(whole(href, "404 Not Found") for href in hrefs if href not in self.texts))


def numbered(count: int) -> Shelf:
    return Shelf({f"{number}.ics": b"TEXT %d\n" % number for number in range(count)})


def fetch(server: Scripted, connect: Connect, hrefs: Iterable[str]) -> Iterator[Item]:
    return connect(server.url).fetch(calendar_url(server), hrefs)


def until_refused(fetched: Iterator[Item]) -> tuple[list[Item], ObjectsRefused]:
    """What came, and the refusal that came after it."""
    items = []
    try:
        for item in fetched:
            items.append(item)  # noqa: PERF402  list() would lose what came before the error
    except ObjectsRefused as refusal:
        return items, refusal
    pytest.fail("nothing was refused")


def test_objects_come_in_bounded_batches_in_the_order_asked(scripted: Start, connect: Connect) -> None:
    shelf = numbered(2 * BATCH + 50)
    server = scripted(shelf)

    items = list(fetch(server, connect, list(shelf.texts)))

    assert server.methods == ["REPORT"] * 3
    assert [len(asked_hrefs(request)) for request in server.requests] == [BATCH, BATCH, 50]
    assert {item.href: item.body for item in items} == shelf.texts
    assert [item.href for item in items] == list(shelf.texts)


def test_a_batch_is_asked_for_only_when_it_is_needed(scripted: Start, connect: Connect) -> None:
    shelf = numbered(2 * BATCH)
    server = scripted(shelf)

    list(islice(fetch(server, connect, iter(shelf.texts)), BATCH))

    assert len(server.requests) == 1


def test_objects_left_out_of_an_answer_are_asked_for_one_by_one(scripted: Start, connect: Connect) -> None:
    shelf = numbered(4)
    shelf.multiget = lambda hrefs: multistatus(*(member(href, data="x") for href in hrefs[:2] if href in shelf.texts))
    server = scripted(shelf)
    wanted = [*shelf.texts, CALENDAR + "gone.ics"]

    items = list(fetch(server, connect, wanted))

    assert [item.href for item in items] == list(shelf.texts)
    assert server.methods == ["REPORT", "GET", "GET", "GET"]


def test_one_text_that_breaks_the_xml_does_not_keep_back_the_others(scripted: Start, connect: Connect) -> None:
    shelf = numbered(8)
    shelf.texts[CALENDAR + "5.ics"] = b"SUMMARY:\x01\x0b \xff\xfe\r\n"

    def multiget(hrefs: list[str]) -> Reply:
        raw = "".join(member(href, data="@" + href) for href in hrefs).encode()
        for href in hrefs:
            raw = raw.replace(b"@" + href.encode() + b"<", shelf.texts[href] + b"<")
        return Reply(
            207, b'<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">' + raw + b"</multistatus>"
        )

    shelf.multiget = multiget
    server = scripted(shelf)

    items = list(fetch(server, connect, list(shelf.texts)))

    assert {item.href: item.body for item in items} == shelf.texts
    assert server.count["GET"] == 2  # it, and the one it was with in the last batch


def test_a_text_larger_than_xml_is_read_with_comes_by_get(scripted: Start, connect: Connect) -> None:
    shelf = numbered(4)
    shelf.texts[CALENDAR + "2.ics"] = b"x" * 11_000_000
    server = scripted(shelf)

    items = list(fetch(server, connect, list(shelf.texts)))

    assert {item.href: item.body for item in items} == shelf.texts


@pytest.mark.parametrize("status", [400, 403, 404, 413, 500, 507])
def test_a_refused_batch_is_split(scripted: Start, connect: Connect, status: int) -> None:
    shelf = numbered(12)
    usual = shelf.multiget
    shelf.multiget = lambda hrefs: usual(hrefs) if len(hrefs) <= 3 else Reply(status)
    server = scripted(shelf)

    items = list(fetch(server, connect, list(shelf.texts)))

    assert {item.href: item.body for item in items} == shelf.texts
    assert server.count["REPORT"] == 7


def test_one_missing_object_that_fails_the_whole_batch(scripted: Start, connect: Connect) -> None:
    """As sabre/dav 1.8 does."""
    shelf = numbered(8)
    usual = shelf.multiget
    shelf.multiget = lambda hrefs: usual(hrefs) if shelf.texts.keys() >= set(hrefs) else Reply(404)
    server = scripted(shelf)

    items = list(fetch(server, connect, [*shelf.texts, CALENDAR + "gone.ics"]))

    assert [item.href for item in items] == list(shelf.texts)


def test_p05_a_vanished_calendar_is_not_a_calendar_whose_objects_vanished(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda _: Reply(404))

    with pytest.raises(NotThere):
        list(fetch(server, connect, [f"{CALENDAR}{number}.ics" for number in range(50)]))

    assert len(server.requests) == 2


def test_an_object_that_is_refused_is_raised_after_all_others(scripted: Start, connect: Connect) -> None:
    shelf = numbered(3)
    shelf.multiget = lambda hrefs: multistatus(
        member(hrefs[0], data="x"), whole(hrefs[1], "403 No"), member(hrefs[2], data="x")
    )
    shelf.status = {CALENDAR + "1.ics": 403}
    server = scripted(shelf)
    items = fetch(server, connect, list(shelf.texts))

    assert [next(items).href, next(items).href] == [CALENDAR + "0.ics", CALENDAR + "2.ics"]
    with pytest.raises(ObjectsRefused) as refused:
        next(items)
    assert (refused.value.code, refused.value.hrefs) == ("forbidden", (CALENDAR + "1.ics",))


@pytest.mark.parametrize(
    ("status", "code"), [(403, "forbidden"), (413, "too-large"), (423, "locked"), (500, "server-error")]
)
def test_single_objects_that_are_refused_are_named_and_stop_nothing(
    scripted: Start, connect: Connect, status: int, code: str
) -> None:
    shelf = numbered(BATCH + 50)
    usual = shelf.multiget
    refused = [CALENDAR + "3.ics", CALENDAR + f"{BATCH + 7}.ics"]
    shelf.multiget = lambda hrefs: Reply(status) if {*refused} & {*hrefs} else usual(hrefs)
    shelf.status = dict.fromkeys(refused, status)
    server = scripted(shelf)

    items, told = until_refused(fetch(server, connect, list(shelf.texts)))

    assert [item.href for item in items] == [href for href in shelf.texts if href not in refused]
    assert (told.code, told.exit_code, told.hrefs) == (code, 1, tuple(refused))


def test_an_answer_that_is_too_large_is_split_and_one_object_over_the_limit_is_refused_alone(
    scripted: Start, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ANSWER_LIMIT", 20_000)
    shelf = Shelf({f"{number}.ics": b"x" * 4_000 for number in range(8)})
    shelf.texts[CALENDAR + "5.ics"] = b"x" * 30_000
    server = scripted(shelf)

    items, told = until_refused(fetch(server, connect, list(shelf.texts)))

    assert [item.href for item in items] == [href for href in shelf.texts if href != CALENDAR + "5.ics"]
    assert (told.code, told.hrefs) == ("answer-too-large", (CALENDAR + "5.ics",))


def test_more_than_three_refused_objects_stop_the_fetch(scripted: Start, connect: Connect) -> None:
    shelf = numbered(10)
    shelf.multiget = lambda _: Reply(500)
    shelf.status = {CALENDAR + f"{number}.ics": 500 for number in range(4)}
    server = scripted(shelf)

    with pytest.raises(Temporary) as stopped:
        list(fetch(server, connect, list(shelf.texts)))

    assert stopped.value.code == "server-error"


def test_a_server_that_has_enough_after_a_refused_object_stops_the_fetch(scripted: Start, connect: Connect) -> None:
    shelf = numbered(2)
    shelf.multiget = lambda _: Reply(500)
    shelf.status = {CALENDAR + "0.ics": 403, CALENDAR + "1.ics": 503}
    server = scripted(shelf)

    with pytest.raises(Temporary) as stopped:
        list(fetch(server, connect, list(shelf.texts)))

    assert stopped.value.code == "server-unavailable"


def test_a_server_that_fails_for_everything_is_not_hammered(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda _: Reply(500))

    with pytest.raises(Temporary) as failing:
        list(fetch(server, connect, [f"{CALENDAR}{number}.ics" for number in range(BATCH)]))

    assert failing.value.code == "server-error"
    assert len(server.requests) < 20


def test_p05_a_cut_answer_is_not_an_absence(scripted: Start, connect: Connect) -> None:
    shelf = numbered(10)
    usual = shelf.multiget
    shelf.multiget = lambda hrefs: Reply(207, usual(hrefs).body[:-200])
    server = scripted(shelf)

    with pytest.raises(Temporary) as cut:
        list(fetch(server, connect, list(shelf.texts)))

    assert cut.value.code == "answer-truncated"


def test_a_single_text_cut_short_is_not_taken(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda _: Reply(200, b"BEGIN:VCALENDAR", {"ETag": '"1"'}, announced=400))

    with pytest.raises(Temporary) as cut:
        list(fetch(server, connect, [CALENDAR + "a.ics"]))

    assert cut.value.code == "answer-truncated"


def test_a_single_object_comes_byte_for_byte_and_uncompressed(scripted: Start, connect: Connect) -> None:
    body = b"BEGIN:VCALENDAR\r\nX:\xff \n \r\n\x00END:VCALENDAR"
    server = scripted(Shelf({"a.ics": body}))

    [item] = fetch(server, connect, [CALENDAR + "a.ics"])

    assert (item.href, item.etag, item.body) == (CALENDAR + "a.ics", '"1"', body)
    assert server.requests[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_an_etag_that_get_does_not_tell_is_asked_before_the_text(
    scripted: Start, connect: Connect, etag: str | None
) -> None:
    shelf = Shelf({"a.ics": b"text"})
    shelf.headers = {"ETag": etag} if etag else {}
    server = scripted(shelf)

    [item] = fetch(server, connect, [CALENDAR + "a.ics"])

    assert item.etag == '"own"'
    assert server.methods == ["GET", "PROPFIND", "GET"]


def test_a_login_page_is_not_an_event(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda _: Reply(200, b"<html>", {"Content-Type": "text/html; charset=utf-8", "ETag": '"1"'}))

    with pytest.raises(Temporary) as refused:
        list(fetch(server, connect, [CALENDAR + "a.ics"]))

    assert refused.value.code == "not-caldav"


def test_relative_hrefs_of_an_answer_are_understood(scripted: Start, connect: Connect) -> None:
    shelf = Shelf({"a:b.ics": b"one", "c.ics": b"two"})
    shelf.multiget = lambda _: multistatus(member("a:b.ics", data="one"), member("c.ics", data="two"))
    server = scripted(shelf)

    items = list(fetch(server, connect, list(shelf.texts)))

    assert {item.href: item.body for item in items} == shelf.texts
    assert server.methods == ["REPORT"]


def test_about_is_no_object(scripted: Start, connect: Connect) -> None:
    """A calendar described beside its objects, as in a Nextcloud delta, is not among them."""
    shelf = numbered(2)
    usual = shelf.multiget
    shelf.multiget = lambda hrefs: Reply(
        207,
        usual(hrefs).body.replace(b"</multistatus>", about(CALENDAR, "<displayname/>").encode() + b"</multistatus>"),
    )
    server = scripted(shelf)

    items = list(fetch(server, connect, list(shelf.texts)))

    assert [item.href for item in items] == list(shelf.texts)


WHOLE = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


@pytest.mark.parametrize("length", [0, 40, len(WHOLE) - 5])
def test_a_text_that_was_cut_short_on_its_way_is_asked_for_again(
    scripted: Start, connect: Connect, length: int
) -> None:
    answers = [WHOLE[:length], WHOLE]
    server = scripted(lambda _: Reply(200, answers.pop(0), {"ETag": '"1"', "Content-Type": "text/calendar"}))
    [item] = fetch(server, connect, [CALENDAR + "a.ics"])
    assert item.body == WHOLE


def test_texts_that_end_here_and_there_are_not_believed(scripted: Start, connect: Connect) -> None:
    answers = [WHOLE[:40], WHOLE[:20]]
    server = scripted(lambda _: Reply(200, answers.pop(0), {"ETag": '"1"', "Content-Type": "text/calendar"}))
    with pytest.raises(Temporary) as caught:
        list(fetch(server, connect, [CALENDAR + "a.ics"]))
    assert caught.value.code == "answer-truncated"


def test_a_text_that_lacks_its_end_on_the_server_is_given_as_it_is(scripted: Start, connect: Connect) -> None:
    shelf = Shelf({"a.ics": WHOLE[:40]})
    server = scripted(shelf)
    [item] = fetch(server, connect, [CALENDAR + "a.ics"])
    assert item.body == WHOLE[:40]
    assert server.methods == ["GET", "GET"]


LINES = "BEGIN:VCALENDAR{}BEGIN:VEVENT{}UID:1{}END:VEVENT{}END:VCALENDAR{}"


def test_p04_line_ends_that_sabre_takes_away_are_put_back(scripted: Start, connect: Connect) -> None:
    hrefs = [CALENDAR + "a.ics", CALENDAR + "b.ics"]
    answer = multistatus(*(member(href, data=LINES.format(*["\n"] * 5)) for href in hrefs))
    told = answer.body.replace(b"<multistatus ", b'<multistatus xmlns:s="http://sabredav.org/ns" ')
    server = scripted(always(Reply(207, told, answer.headers)))

    items = list(connect(server.url).fetch(calendar_url(server), hrefs))

    assert [item.body.decode() for item in items] == [LINES.format(*["\r\n"] * 5)] * 2


@pytest.mark.parametrize(
    ("written", "read"),
    [("\r\n", "\r\n"), ("&#13;\n", "\r\n"), ("&#13;&#10;", "\r\n"), ("\n", "\n")],
    ids=["as-it-is", "escaped", "escaped-whole", "without-returns"],
)
def test_p04_line_ends_that_xml_takes_away_are_put_back(
    scripted: Start, connect: Connect, written: str, read: str
) -> None:
    """Otherwise every line of what is sent would differ from what was read."""
    hrefs = [CALENDAR + "a.ics", CALENDAR + "b.ics"]
    text = LINES.format(*[written] * 5)
    data = [member(href, data="@") for href in hrefs]
    answer = multistatus(*data)
    server = scripted(always(Reply(207, answer.body.replace(b"@", text.encode()), answer.headers)))

    items = list(connect(server.url).fetch(calendar_url(server), hrefs))

    assert [item.body.decode() for item in items] == [LINES.format(*[read] * 5)] * 2
