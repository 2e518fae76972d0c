"""Content lines: nothing is lost, whatever the text; folds, quotes, escapes and nesting are read as RFC 5545 says."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync import contentline
from coachsync.contentline import Line, Malformed

BITS = ["\r\n", "\n", "\r", "\r\n ", "\r\n\t", "\n ", " ", "\t", "\0", "\u2028", "\u0085", "\x0b", "\x0c", "\x1c"]
BITS += ["\ufeff", "\udcc3", "\udca9", "é", "🦉", ":", ";", ",", "=", '"', "^n", "\\"]
BITS += ["BEGIN:VEVENT", "END:VEVENT", "SUMMARY", "x"]
ANY_TEXT = st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.lists(st.sampled_from(BITS)).map("".join))


def one(text: str) -> Line:
    (line,) = contentline.parse(text)
    return line


# ------------------------------------------------------------------------------------------------------ byte-exact


@given(ANY_TEXT)
def test_joining_the_lines_gives_the_text_back(text):
    assert "".join(line.raw for line in contentline.parse(text)) == text


@given(st.one_of(st.binary(), ANY_TEXT.map(contentline.encode)))
def test_any_bytes_come_back_as_they_were(body):
    text = contentline.decode(body)
    assert contentline.encode("".join(line.raw for line in contentline.parse(text))) == body


@given(ANY_TEXT)
def test_a_line_ends_at_a_line_feed_that_no_blank_follows_and_nowhere_else(text):
    lines = contentline.parse(text)
    for line in lines[:-1]:
        assert line.raw.endswith("\n")
    for line, following in pairwise(lines):
        assert not following.raw.startswith((" ", "\t"))
        assert all(part.startswith((" ", "\t")) for part in line.raw.split("\n")[1:-1])


@pytest.mark.parametrize("mark", ["\r", "\0", "\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e"])
def test_only_crlf_and_lf_end_a_line(mark):
    text = f"SUMMARY:before{mark}END:VEVENT\r\nUID:1\n"
    assert [line.name for line in contentline.parse(text)] == ["SUMMARY", "UID"]
    assert contentline.parse(text)[0].value == f"before{mark}END:VEVENT"


def test_the_last_line_may_lack_its_line_break():
    assert [line.raw for line in contentline.parse("A:1\r\nB:2")] == ["A:1\r\n", "B:2"]
    assert contentline.parse("") == ()


# ---------------------------------------------------------------------------------------------------------- folding


@pytest.mark.parametrize("fold", ["\r\n ", "\n ", "\r\n\t", "\n\t"])
def test_a_fold_goes_wherever_it_stands(fold):
    line = one(f"SUM{fold}MARY;LANG{fold}UAGE=f{fold}r:Bon{fold} jour{fold}\r\n")
    assert line[1:] == ("SUMMARY", (("LANGUAGE", ("fr",)),), "Bon jour")


def test_a_fold_inside_a_utf8_sequence_is_rejoined():
    body = "SUMMARY:séance 🦉\r\n".encode()
    for cut in range(1, len(body) - 2):
        folded = body[:cut] + b"\r\n " + body[cut:]
        line = one(contentline.decode(folded))
        assert (line.name, line.value) == ("SUMMARY", "séance 🦉")
        assert contentline.encode(line.raw) == folded


def test_invalid_bytes_stay_visible_after_unfolding():
    assert one(contentline.decode(b"SUMMARY:a\xff\r\n b\xc3\r\n")).value == "a\udcffb\udcc3"


LOGICAL = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1)


@given(LOGICAL, st.integers(0, 400))
def test_a_folded_line_unfolds_to_itself_and_keeps_within_75_octets(text, padding):
    line = "X-" + "é" * padding + text
    folded = contentline.fold(line)
    assert contentline.unfold(folded) == line
    assert folded.endswith("\r\n")
    assert all(len(piece.encode()) <= 75 for piece in folded.split("\r\n"))  # each piece is whole UTF-8


@given(st.binary().filter(lambda octets: not {10, 13} & set(octets)), st.integers(0, 80))
def test_folding_invalid_utf8_keeps_the_bytes(octets, padding):
    line = contentline.decode(b"X:" + b"a" * padding + octets)
    assert contentline.encode(contentline.unfold(contentline.fold(line))) == contentline.encode(line)


def test_a_line_of_75_octets_is_not_folded_and_one_of_76_is():
    assert contentline.fold("A:" + "x" * 73) == "A:" + "x" * 73 + "\r\n"
    assert contentline.fold("A:" + "x" * 74) == "A:" + "x" * 73 + "\r\n x\r\n"


@pytest.mark.parametrize("text", ["SUMMARY:a\nDTSTART:20250101", "SUMMARY:a\rb", "SUMMARY:a\r\nb"])
def test_folding_refuses_a_line_break_that_would_inject_a_line(text):
    with pytest.raises(ValueError, match="line break"):
        contentline.fold(text)


# --------------------------------------------------------------------------------------- name, parameters and value


@pytest.mark.parametrize(
    ("text", "name", "params", "value"),
    [
        ("SUMMARY:x", "SUMMARY", (), "x"),
        ("summary:x", "SUMMARY", (), "x"),
        ("item1.tel:1", "ITEM1.TEL", (), "1"),
        ("SUMMARY:a:b;c", "SUMMARY", (), "a:b;c"),
        ("SUMMARY:", "SUMMARY", (), ""),
        (":value", "", (), "value"),
        ("DTSTART;tzid=Europe/Paris:1", "DTSTART", (("TZID", ("Europe/Paris",)),), "1"),
        ('A;CN="Petit, B: C; D":x', "A", (("CN", ("Petit, B: C; D",)),), "x"),
        ('A;M="a,b",c,,"d"":x', "", (), 'A;M="a,b",c,,"d"":x'),
        ('A;M="a,b",c,,"d":x', "A", (("M", ("a,b", "c", "", "d")),), "x"),
        ("A;X:v", "A", (("X", ()),), "v"),
        ("A;X=:v", "A", (("X", ("",)),), "v"),
        ("A;X=1;Y=2;X=3:v", "A", (("X", ("1",)), ("Y", ("2",)), ("X", ("3",))), "v"),
        ("A;CN=a^nb^^^'c^d:x", "A", (("CN", ('a\nb^"c^d',)),), "x"),
        ("no colon; here", "", (), "no colon; here"),
        ('A;CN="never closed:x', "", (), 'A;CN="never closed:x'),
        ("", "", (), ""),
        ("AA" * (1 << 15) + "A:x", "", (), "AA" * (1 << 15) + "A:x"),
    ],
)
def test_a_line_is_taken_apart(text, name, params, value):
    assert one(text + "\r\n")[1:] == (name, params, value)


def test_a_byte_order_mark_is_kept_and_not_part_of_the_name():
    line = one(contentline.decode(b"\xef\xbb\xbfBEGIN:VCALENDAR\r\n"))
    assert line.name == "BEGIN"
    assert contentline.encode(line.raw).startswith(b"\xef\xbb\xbf")


def test_the_first_value_of_a_parameter_is_at_hand():
    line = one("A;X=1,2;Y:v")
    assert [line.param(name) for name in ("X", "Y", "Z")] == ["1", "", ""]


@pytest.mark.parametrize(
    "text",
    [
        "DESCRIPTION:" + "x" * (10 << 20),
        "A:b\n" * (1 << 19),
        "A:" + "\n " * (5 << 20),
        "A;" + ";" * (10 << 20),
        'A;X="' + '"' * (10 << 20),
        "A;X=" + "," * (10 << 20) + ":1",
        "\n" * (1 << 20),
    ],
    ids=["one value", "many lines", "many folds", "many parameters", "many quotes", "many values", "empty lines"],
)
def test_ten_mebibytes_are_read_in_linear_time(text):
    started = time.process_time()
    assert sum(len(line.raw) for line in contentline.lines(text)) == len(text)
    assert time.process_time() - started < 10  # about one second; a quadratic reader needs hours


# ---------------------------------------------------------------------------------------------------------- nesting

OBJECT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nBEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"
    "SUMMARY:one\r\nEND:VEVENT\r\nbegin:vevent\r\nUID:2\r\nEnd:Vevent\r\nEND:VCALENDAR\r\n"
)


def test_components_nest_and_keep_their_own_properties_only():
    (calendar,) = contentline.components(contentline.parse(OBJECT))
    assert (calendar.name, [line.name for line in calendar.lines]) == ("VCALENDAR", ["VERSION"])
    assert [child.name for child in calendar.children] == ["VEVENT", "VEVENT"]
    first = calendar.children[0]
    assert [line.value for line in first.lines] == ["1", "one"]
    assert [line.name for line in first.children[0].lines] == ["TRIGGER"]
    assert (first.first, first.last) == (2, 8)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\nEND:VEVENT\n", "not-nested"),
        ("END:VEVENT\n", "not-nested"),
        ("BEGIN:VCALENDAR\n", "not-closed"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\n", "not-closed"),
        ("BEGIN:A\n" * 100_000, "nested-too-deeply"),
    ],
)
def test_a_nesting_that_does_not_close_is_malformed(text, code):
    with pytest.raises(Malformed) as caught:
        contentline.components(contentline.parse(text))
    assert caught.value.code == code


def test_lines_outside_of_every_component_are_left_out():
    assert contentline.components(contentline.parse("\r\nSUMMARY:x\r\n")) == ()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (OBJECT.encode(), "1"),
        (b"BEGIN:VCALENDAR\nUID:calendar\nBEGIN:VEVENT\nBEGIN:VALARM\nUID:alarm\nEND:VALARM\nU\n ID:x\n", "x"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n", ""),
        (b"\xff\xfe garbage", ""),
        (b"", ""),
    ],
)
def test_the_uid_of_an_object_is_found_or_empty(body, expected):
    assert contentline.uid(body) == expected


# ---------------------------------------------------------------------------------------------------------- editing


def edited(text: str, name: str, *contents: str) -> str:
    lines = contentline.parse(text)
    (calendar,) = contentline.components(lines)
    return "".join(line.raw for line in contentline.replace(lines, calendar.children[0], name, contents))


def test_replacing_a_property_leaves_every_other_byte():
    assert edited(OBJECT, "SUMMARY", "SUMMARY:two") == OBJECT.replace("SUMMARY:one", "SUMMARY:two")


def test_a_property_of_a_nested_component_is_not_touched():
    assert edited(OBJECT, "TRIGGER") == OBJECT


def test_a_property_that_was_not_there_comes_last():
    assert edited(OBJECT, "STATUS", "STATUS:CANCELLED") == OBJECT.replace(
        "SUMMARY:one\r\n", "SUMMARY:one\r\nSTATUS:CANCELLED\r\n"
    )
    assert "BEGIN:VEVENT\nSTATUS:X\nEND:VEVENT" in edited(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n", "STATUS", "STATUS:X"
    )


def test_all_lines_of_a_property_go_and_the_new_ones_stand_where_the_first_stood():
    text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nRD\n ATE:1\nUID:1\nrdate:2\nEND:VEVENT\nEND:VCALENDAR\n"
    assert edited(text, "RDATE", "RDATE:3", "RDATE:4") == (
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nRDATE:3\nRDATE:4\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    assert edited(text, "rdate") == "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n"


def test_what_is_put_in_is_folded_with_the_line_break_of_the_object():
    text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n"
    changed = edited(text, "SUMMARY", "SUMMARY:" + "x" * 100)
    assert "\r" not in changed
    assert max(map(len, changed.split("\n"))) == 75


# ------------------------------------------------------------------------------------------------------------- text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_escaped_text_comes_back_and_never_breaks_its_line(text):
    escaped = contentline.escape(text)
    assert not {"\r", "\n"} & set(escaped)
    assert contentline.unescape(escaped) == text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [(r"a\nb\Nc", "a\nb\nc"), (r"\\n", r"\n"), (r"\,\;\:", ",;\\:"), ("trailing\\", "trailing\\")],
)
def test_escapes_are_read_as_rfc_5545_says(value, text):
    assert contentline.unescape(value) == text


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:a\r\n UID:folded text\r\nUID:right\r\nEND:VEVENT", "right"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:1\nUID:right\nEND:VEVENT", "right"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:ri\r\n ght\r\nEND:VEVENT", "right"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID;X=1:right\r\nEND:VEVENT", "right"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nU\r\n ID:right\r\nUID:second\r\nEND:VEVENT", "right"),
        (
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nBEGIN:VALARM\r\nUID:alarm\r\nEND:VALARM\r\nUID:right\r\nEND:VEVENT",
            "right",
        ),
        (
            "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nUID:zone\r\nEND:VTIMEZONE\r\nBEGIN:VTODO\r\nUID:right\r\nEND:VTODO",
            "right",
        ),
        ("begin:vcalendar\r\nbegin:vevent\r\nuid:right\r\nend:vevent", "right"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\nUID:outside\r\n", ""),
    ],
)
def test_the_uid_is_the_same_by_the_short_and_by_the_long_way(body: str, found: str) -> None:
    assert contentline.uid(body.encode()) == found
    assert contentline._uid_anywhere(body.encode()) == found


@pytest.mark.parametrize(
    "value",
    [
        *("mailto:z@x.example", "MAILTO: Z@x.example ", "<z@x.example>", "mailto:<z@x.example>", "z%40x.example"),
        *("mailto:z@x.example?subject=a@b", " z@X.example\t", "mailto:%3Cz@x.example%3E"),
    ],
)
def test_an_address_is_the_same_however_it_is_written(value):
    assert contentline.address(value) == "z@x.example"
    assert contentline.addresses(one(f"ATTENDEE:{value}")) == {"z@x.example", "z"}


def test_what_is_no_address_and_a_question_mark_before_the_host_stay():
    assert contentline.address("/principals/users/Z/?x") == "/principals/users/z/?x"
    assert contentline.address("mailto:z?a@x.example") == "z?a@x.example"


@pytest.mark.parametrize(
    ("own", "others", "found"),
    [
        ({"z@x.example"}, (), True), ({"z"}, (), True), ({"y@x.example"}, (), True), ({"x.example"}, (), False),
        ({"z"}, {"z@x.example"}, False), ({"z"}, {"y@x.example"}, False), ({"z"}, {"z@y.example"}, True),
        ({"z", "z@x.example"}, {"z@x.example"}, True),
    ],
)  # fmt: skip
def test_a_first_part_stands_for_every_address_that_is_not_known_as_anothers(own, others, found):
    line = one("ATTENDEE;EMAIL=y@x.example:mailto:z@x.example")
    assert contentline.is_one_of(contentline.whole_addresses(line), own, others) is found


# ------------------------------------------------------------------------------------------------- some lines alone

NAMES = frozenset(("SUMMARY", "UID", "BEGIN", "X-A"))
FOUND = ["SUMMARY:x", "summary;a=b:x", "SUM\r\n MARY:x", "SUMMARYX:x", 'X-A;b="c:d":e', "UID", "UID \n :x", "x.UID:y"]
FOUND += ["\n \ufeffUID:z"]


@given(st.one_of(ANY_TEXT, st.lists(st.sampled_from(BITS + FOUND)).map("".join)))
def test_some_names_alone_are_found_as_among_all_lines(text):
    assert list(contentline.named(text, NAMES)) == [line for line in contentline.lines(text) if line.name in NAMES]


@given(ANY_TEXT)
def test_logical_lines_are_those_that_are_taken_apart(text):
    assert list(contentline.logical(text)) == [contentline.unfold(line.raw) for line in contentline.lines(text)]
