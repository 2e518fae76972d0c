"""What a file is, by its first bytes and never by its name."""

from __future__ import annotations

import re

HEAD = 4096  # bytes that tell it
TEXT, MAIL, MAILBOX, CARD, OTHER = (
    "text/plain", "message/rfc822", "application/mbox", "text/vcard", "application/octet-stream",
)  # fmt: skip

_BEGINS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"#!AMR", "audio/amr"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"{\\rtf", "application/rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),  # Word, Excel and Outlook before 2007
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
)
_BRANDS = {
    b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif", b"avif": "image/avif",
    b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"qt  ": "video/quicktime", b"3gp4": "audio/3gpp",
    b"3gp5": "audio/3gpp",
}  # fmt: skip
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_IN_ZIP = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)
_ZIP_TYPE = re.compile(rb"mimetype(application/[a-z0-9.+-]+)")  # OpenDocument and EPUB keep it first
_MARKUP = (
    (re.compile(rb"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE), "text/html"),
    (re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<svg\b", re.IGNORECASE | re.DOTALL), "image/svg+xml"),
    (re.compile(rb"\s*<\?xml\b", re.IGNORECASE), "application/xml"),
    (re.compile(rb"\s*BEGIN:VCARD\b", re.IGNORECASE), CARD),
    (re.compile(rb"\s*BEGIN:VCALENDAR\b", re.IGNORECASE), "text/calendar"),
)
_MAILBOX = re.compile(rb"From \S+ .*\d{4}.*\r?\n[!-9;-~]+:")
_FIELD = re.compile(rb"(?:[!-9;-~]+:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*)+")
_OF_MAIL = frozenset((b"received", b"return-path", b"message-id", b"mime-version", b"delivered-to", b"dkim-signature"))
_ADDRESSED = frozenset((b"from", b"to", b"date", b"subject"))
_FEW = 2  # of them, with which a note may begin too
_MPEG = (0xFB, 0xF3, 0xF2, 0xFA)
_BOM = b"\xef\xbb\xbf"


def media(head: bytes) -> str:
    """The media type of a file that begins so; OTHER where nothing tells it, TEXT where it may be a text."""
    known = next((kind for begun, kind in _BEGINS if head.startswith(begun)), None) or _container(head)
    if known is not None:
        return known
    plain = head.removeprefix(_BOM)
    if _MAILBOX.match(plain):
        return MAILBOX
    marked = next((kind for pattern, kind in _MARKUP if pattern.match(plain)), None)
    if marked is not None:
        return marked
    if _is_mail(plain):
        return MAIL
    return TEXT if _may_be_text(head) else OTHER


def _container(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[:4] == b"PK\x03\x04":
        typed = _ZIP_TYPE.search(head[:256])
        office = next((kind for part, kind in _IN_ZIP if part in head), "application/zip")
        return typed[1].decode() if typed else office
    if head[:1] == b"\xff" and head[1:2] and head[1] in _MPEG:
        return "audio/mpeg"
    return None


def _is_mail(head: bytes) -> bool:
    """Whether it begins with the header of a message: a field that only mail has, or most of who, to whom, when, of
    what."""
    begun = _FIELD.match(head)
    if begun is None:
        return False
    names = {line.partition(b":")[0].strip().lower() for line in begun[0].splitlines() if line[:1] not in (b" ", b"\t")}
    said = names & _ADDRESSED
    return bool(said and names & _OF_MAIL) or (b"from" in said and len(said) > _FEW)


def _may_be_text(head: bytes) -> bool:
    return head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" not in head
