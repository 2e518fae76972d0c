"""What files are called: their names are data from outside, which may say whom they are about, and are never paths."""

from __future__ import annotations

from collections.abc import Mapping

_UNKNOWN = "application/octet-stream"
# What a coach keeps of a client, and what programs call it by. Whatever starts something when it is opened has no place
# here: a file may come from anybody.
_MEDIA: Mapping[str, str] = {
    "txt": "text/plain", "md": "text/markdown", "csv": "text/csv", "rtf": "application/rtf",
    "pdf": "application/pdf", "ps": "application/postscript", "epub": "application/epub+zip",
    "doc": "application/msword", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation", "odg": "application/vnd.oasis.opendocument.graphics",
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
    "heic": "image/heic", "heif": "image/heif", "avif": "image/avif", "tif": "image/tiff", "tiff": "image/tiff",
    "bmp": "image/bmp", "djvu": "image/vnd.djvu",
    "mp3": "audio/mpeg", "m4a": "audio/mp4", "aac": "audio/aac", "ogg": "audio/ogg", "oga": "audio/ogg",
    "opus": "audio/opus", "flac": "audio/flac", "wav": "audio/wav", "amr": "audio/amr", "3gp": "video/3gpp",
    "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mkv": "video/x-matroska",
    "avi": "video/x-msvideo", "mpg": "video/mpeg", "mpeg": "video/mpeg",
    "eml": "message/rfc822", "vcf": "text/vcard", "ics": "text/calendar", "json": "application/json",
    "zip": "application/zip", "gz": "application/gzip", "7z": "application/x-7z-compressed",
}  # fmt: skip


def extension(name: str) -> str:
    """How a file is called at the end, ".pdf", where programs know it and it starts none; "" for any other."""
    last = name.rpartition(".")[2].lower() if "." in name else ""
    return f".{last}" if last in _MEDIA else ""


def media_of(name: str) -> str:
    """The media type that a name tells of."""
    return _MEDIA.get(extension(name)[1:], _UNKNOWN)
