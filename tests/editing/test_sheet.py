"""Lines under edit: what is not touched stays as it was, wherever others come and go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync.contentline import Malformed
from coachsync.editing.sheet import Sheet

TEXT = "BEGIN:A\r\nX;P=1:one\r\nBEGIN:B\r\nX:inner\r\nEND:B\r\nY:tw\r\n o\r\nEND:A\r\n"


def sheet(text: str = TEXT) -> Sheet:
    return Sheet(text)


def test_untouched_it_is_the_text_that_was_read():
    assert sheet().text() == TEXT


@given(st.lists(st.sampled_from(["X:1", "X", "", " fold", "\tY", "é:\u2028", "\x00"]), max_size=6))
def test_untouched_it_is_any_text(lines):
    text = "\n".join(["BEGIN:A\r\nX:", *lines, "END:A"])
    assert sheet(text).text() == text


def test_a_property_of_a_part_is_not_one_of_the_whole():
    found = sheet()
    (top,) = found.components
    assert found.own(top, "X") == [1]
    assert found.own(top.children[0], "X") == [3]
    assert found.line(top, "Y").value == "two"
    assert found.line(top, "Z") is None


def test_another_value_leaves_name_and_parameters():
    found = sheet()
    found.set(1, "uno")
    assert found.text() == TEXT.replace("X;P=1:one", "X;P=1:uno")
    assert found.touched(found.components[0])
    assert not found.touched(found.components[0].children[0])


def test_the_same_value_leaves_even_the_folds():
    found = sheet()
    found.set(5, "two")
    assert found.text() == TEXT
    assert not found.touched(found.components[0])


def test_lines_are_put_in_taken_out_and_copied():
    found = sheet()
    (top,) = found.components
    found.take_out([1])
    found.put_after(1, "N:1", "N:2")
    found.append(top, "L:é")
    found.copy_after(4, "RAW\n")
    assert found.is_out(1)
    assert not found.is_out(2)
    assert found.text() == (
        "BEGIN:A\r\nN:1\r\nN:2\r\nBEGIN:B\r\nX:inner\r\nEND:B\r\nRAW\nY:tw\r\n o\r\nL:é\r\nEND:A\r\n"
    )


def test_in_a_component_without_properties_a_line_stands_first():
    found = sheet("BEGIN:A\nBEGIN:B\nEND:B\nEND:A\n")
    found.append(found.components[0], "L:" + "x" * 80)
    assert found.text() == f"BEGIN:A\nL:{'x' * 73}\n {'x' * 7}\nBEGIN:B\nEND:B\nEND:A\n"


def test_a_value_cannot_bring_a_line_of_its_own():
    with pytest.raises(ValueError, match="line break"):
        sheet().set(1, "one\r\nATTENDEE:mailto:x@example.org")


@pytest.mark.parametrize("text", ["BEGIN:A\n", "END:A\n", "BEGIN:A\nEND:B\n"])
def test_what_does_not_nest_is_refused(text):
    with pytest.raises(Malformed):
        sheet(text)
