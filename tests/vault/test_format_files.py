"""The contents of attachments: read by the reader that knows the page alone, and refused by both once anything of a
file is changed, cut, added, or put elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest

import attachmentvectors
import formatattachments
import formatlog
import formatreader as reader
from attachmentvectors import CONTENTS, NAMES, NOTE
from coachsync.errors import Altered, UsageError
from coachsync.vault import bodies, chain, contents, envelope
from coachsync.vault.bodies import Attachment, File
from coachsync.vault.envelope import Kind
from coachsync.vault.history import History
from coachsync.vault.suite import Opener
from handhpke import Refused
from vaultfolder import Vault
from vaultvectors import COACHES, VAULT, drawn

CHUNK = 16384 + 16
KEY, BELONGS, A = bytes(range(32)), contents.context(VAULT, bytes(16), 1), hashlib.sha256(b"a").digest()


@pytest.fixture(scope="module", params=["written once", "written now"])
def attached(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Vault:
    if request.param == "written once":
        return Vault(attachmentvectors.GOLDEN)
    folder = tmp_path_factory.mktemp("vault")
    attachmentvectors.write(folder)
    return Vault(folder)


def file_of(vault: Vault, name: str) -> bytes:
    return (vault.folder / "files" / f"{drawn(name, 16).hex()}.1").read_bytes()


def said_of(vault: Vault, name: str) -> tuple[bytes, Attachment]:
    """The body of its record, and what the program understands of it."""
    raw = (vault.folder / "records" / f"{drawn(name, 16).hex()}.1").read_bytes()
    body = envelope.body_of(raw, Opener(vault.seed_of(reader.record_of(raw))))
    found = bodies.unpacked(Kind.ATTACHMENT, body)
    assert isinstance(found, Attachment)
    return body, found


def opened(file: bytes, said: Attachment, record: bytes) -> bytes:
    """As the program does."""
    pieces = [file[start : start + 1000] for start in range(0, len(file), 1000)]
    return b"".join(contents.opened(said.key, contents.context(VAULT, record, 1), said.size, said.digest, pieces))


def test_both_read_what_was_attached(attached: Vault) -> None:
    for name, content in CONTENTS.items():
        record, file = drawn(name, 16), file_of(attached, name)
        body, said = said_of(attached, name)
        assert formatattachments.content_of(file, formatattachments.attachment_of(body), VAULT, record, 1) == content
        assert opened(file, said, record) == content
        assert said.digest.hex() == attached.expected["contents"][record.hex()] == hashlib.sha256(content).hexdigest()
        to = NOTE if name == "hostile" else None
        assert (formatattachments.attachment_of(body).name, formatattachments.attachment_of(body).to) == (
            NAMES[name],
            to,
        )
        assert said.file == File(NAMES[name], "image/jpeg" if name == "photo" else "", to)
        assert len(file) == contents.sealed_size(len(content))


def test_the_log_names_the_file_of_each_attachment(attached: Vault) -> None:
    assert formatlog.check_log(attached.trust, attached.entries, attached.head) == attached.head[1]
    history = History(VAULT, {person.actor.fingerprint: person.actor for person in COACHES.values()})
    history.take(chain.Entry(**vars(entry)) for entry in attached.entries)
    for raw, _ in attached.records():
        record = reader.record_of(raw)
        stored = history.records[record.record, record.version]
        if record.kind != "attachment":
            assert stored.file is None
            continue
        file = (attached.folder / "files" / f"{record.record.hex()}.1").read_bytes()
        formatlog.check_stored(attached.entries, record, file)
        assert stored.file == (hashlib.sha256(file).digest(), len(file))
        with pytest.raises(Refused):
            formatlog.check_stored(attached.entries, record, file[:-1])


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "without its last byte": lambda file: file[:-1],
    "cut after a chunk": lambda file: file[: 56 + 3 * CHUNK],
    "cut after its head": lambda file: file[:56],
    "without its first chunk": lambda file: file[:56] + file[56 + CHUNK :],
    "two chunks exchanged": lambda file: file[:56] + file[56 + CHUNK : 56 + 2 * CHUNK] + file[56 : 56 + CHUNK]
    + file[56 + 2 * CHUNK :],
    "a chunk twice": lambda file: file[: 56 + CHUNK] + file[56:],
    "a byte more": lambda file: file + b"\0",
    "a chunk more": lambda file: file + file[-CHUNK:],
    "the whole file twice": lambda file: file + file,
    "another salt": lambda file: bytes([file[0] ^ 1]) + file[1:],
    "another commitment": lambda file: file[:24] + bytes(32) + file[56:],
    "a bit in the middle": lambda file: file[:30_000] + bytes([file[30_000] ^ 4]) + file[30_001:],
    "a bit at the end": lambda file: file[:-1] + bytes([file[-1] ^ 1]),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_is_refused_by_both(attached: Vault, change: str) -> None:
    record, file = drawn("photo", 16), CHANGES[change](file_of(attached, "photo"))
    body, said = said_of(attached, "photo")
    with pytest.raises(Refused):
        formatattachments.content_of(file, formatattachments.attachment_of(body), VAULT, record, 1)
    with pytest.raises(Altered) as refused:
        opened(file, said, record)
    assert refused.value.code == "file-altered"


@pytest.mark.parametrize(
    "other",
    [{"size": 70_000}, {"size": 70_002}, {"size": 0}, {"size": 300_000}, {"key": bytes(32)}, {"digest": bytes(32)}],
)
def test_a_record_that_says_otherwise_is_refused_by_both(attached: Vault, other: dict[str, bytes | int]) -> None:
    record, file = drawn("photo", 16), file_of(attached, "photo")
    body, said = said_of(attached, "photo")
    with pytest.raises(Refused):
        formatattachments.content_of(file, replace(formatattachments.attachment_of(body), **other), VAULT, record, 1)
    with pytest.raises(Altered):
        opened(file, replace(said, **other), record)


def test_the_file_of_another_record_is_refused_by_both(attached: Vault) -> None:
    body, said = said_of(attached, "photo")
    for vault, record, version in (
        (bytes(16), drawn("photo", 16), 1),
        (VAULT, NOTE, 1),
        (VAULT, drawn("photo", 16), 2),
    ):
        file, belongs = file_of(attached, "photo"), contents.context(vault, record, version)
        with pytest.raises(Refused):
            formatattachments.content_of(file, formatattachments.attachment_of(body), vault, record, version)
        with pytest.raises(Altered):
            list(contents.opened(said.key, belongs, said.size, said.digest, [file]))


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 16_384, 131_071, 131_072, 131_073, 262_144, 262_145, 400_000])
def test_how_long_a_content_is_shows_in_steps_only(size: int) -> None:
    file = b"".join(contents.sealed(KEY, BELONGS, [bytes(size)]))
    assert contents.padded(size) == formatattachments.with_zeros(size)
    assert len(file) == contents.sealed_size(size)
    assert size <= contents.padded(size) <= max(4096, size * 1.04 + 4096)
    assert b"".join(contents.opened(KEY, BELONGS, size, hashlib.sha256(bytes(size)).digest(), [file])) == bytes(size)


def test_between_a_length_and_its_double_there_are_few_sizes() -> None:
    hundred = 100 << 20
    assert len({contents.sealed_size(size) for size in range(hundred, 2 * hundred, 1 << 18)}) <= 64
    assert contents.padded(hundred) == hundred
    assert contents.padded(hundred + 1) == hundred + (2 << 20)
    assert contents.sealed_size(contents.LONGEST) < 1 << 32  # the log has room for it


def test_what_has_no_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "LONGEST", 100)
    assert b"".join(contents.sealed(KEY, BELONGS, [bytes(60), bytes(40)]))
    with pytest.raises(UsageError, match="2 GiB"):
        list(contents.sealed(KEY, BELONGS, iter(lambda: bytes(60), b"")))


def test_zeros_of_another_number_are_refused() -> None:
    """Whoever has the key of the shelf could hide something there."""
    for plain in (b"a" * 5, b"a" + bytes(8191), b"ab" + bytes(4094), bytes(0)):
        encryptor = contents.Cobblestone256Encryptor(KEY, BELONGS)
        with pytest.raises(Altered):
            list(contents.opened(KEY, BELONGS, 1, A, [encryptor.update(plain) + encryptor.finalize()]))
