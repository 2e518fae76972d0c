"""What a file is, by what it begins with."""

from __future__ import annotations

import email.message
import mailbox
from pathlib import Path

import pytest

from coachsync.inbox.kinds import CARD, HEAD, MAIL, MAILBOX, OTHER, TEXT, media


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\0\0\0\x18ftypheic", "image/heic"), (b"\0\0\0\x18ftypM4A ", "audio/mp4"),
        (b"\0\0\0\x18ftypisom", "video/mp4"), (b"RIFF\0\0\0\0WAVE", "audio/wav"), (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90", "audio/mpeg"), (b"OggS", "audio/ogg"), (b"{\\rtf1", "application/rtf"),
        (b"PK\x03\x04" + b"\0" * 26 + b"mimetypeapplication/vnd.oasis.opendocument.textPK",
         "application/vnd.oasis.opendocument.text"),
        (b"PK\x03\x04" + b"\0" * 26 + b"word/document.xml",
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"PK\x03\x04", "application/zip"), (b"  <!DOCTYPE html>", "text/html"), (b"<?xml version='1.0'?><a>",
         "application/xml"), (b"<?xml version='1.0'?>\n<svg x=''>", "image/svg+xml"),
        (b"BEGIN:VCARD\r\n", CARD), (b"\xef\xbb\xbfbegin:vcard\n", CARD), (b"BEGIN:VCALENDAR\n", "text/calendar"),
        (b"From anna Mon Mar  2 08:00:00 2026\nSubject: x\n", MAILBOX), (b"From my notes of 2026: nothing\nso", TEXT),
        (b"Subject: my note\n\ntext", TEXT), (b"To: me\nFrom: you\n\nnote", TEXT),
        (b"From: you\nTo: me\nSubject: x\n\nso", MAIL), (b"Date: today\nTo: me\nSubject: x\n\nso", TEXT),
        (b"# Note\n", TEXT),
        (b"", TEXT), (b"\xff\xfea\0", TEXT), (b"a\0b", OTHER),
    ],
)  # fmt: skip
def test_the_first_bytes_tell(head: bytes, kind: str) -> None:
    assert media(head) == kind


def message() -> email.message.EmailMessage:
    written = email.message.EmailMessage()
    written["From"], written["To"], written["Subject"] = "Anna <anna@x.example>", "bo@x.example", "Séance"
    written["Date"] = "Mon, 2 Mar 2026 08:00:00 +0000"
    written.set_content("Hello")
    return written


def test_a_message_as_programs_write_it_is_mail() -> None:
    assert media(bytes(message())[:HEAD]) == MAIL
    assert media(b"Received: from x\r\n\tby y\r\nFrom: a@b.example\r\n\r\n") == MAIL


def test_a_mailbox_as_programs_write_it_is_one(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "box")
    box.add(message())
    box.close()
    assert media((tmp_path / "box").read_bytes()[:HEAD]) == MAILBOX
