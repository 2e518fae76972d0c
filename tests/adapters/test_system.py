"""What the system says when it refuses, in words that can be translated."""

from __future__ import annotations

import errno

import pytest

from coachsync.adapters.system import reason
from coachsync.app.language import language


@pytest.mark.parametrize(
    ("number", "french"),
    [
        (errno.ENOSPC, "Il n’y a plus de place sur le disque"),
        (errno.EACCES, "Permission refusée"),
        (errno.EROFS, "Le disque est en lecture seule"),
    ],
)
def test_a_common_reason_is_said_in_the_reader_s_language(number: int, french: str) -> None:
    assert language("fr").say(reason(OSError(number, "whatever"))) == french


def test_a_rare_reason_stays_in_the_words_of_the_system() -> None:
    assert reason(OSError(errno.EXDEV, "whatever", "/home/alice/secret")) == "Invalid cross-device link"


def test_a_reason_holds_no_name_of_a_file() -> None:
    assert "secret" not in reason(PermissionError(errno.EACCES, "whatever", "/home/alice/secret"))


def test_an_error_without_a_number_is_no_defect() -> None:
    assert isinstance(reason(OSError("whatever")), str)
