import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from coachsync.errors import WrongKey
from coachsync.vault.rows import DeviceKey, new_device_key

KEY = DeviceKey(bytes(range(32)))


@given(st.binary(max_size=3000), st.text(max_size=60))
def test_a_sealed_row_opens_in_its_place(plain: bytes, context: str) -> None:
    assert KEY.open(context, KEY.seal(context, plain)) == plain


@given(st.binary(min_size=1, max_size=60), st.data())
def test_any_altered_byte_is_noticed(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(KEY.seal("here", plain))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(WrongKey):
        KEY.open("here", bytes(sealed))


def test_a_row_does_not_open_in_another_place_or_under_another_key() -> None:
    sealed = KEY.seal("appointments/1/body/aa", b"text")
    for key, context in ((KEY, "appointments/2/body/aa"), (new_device_key(), "appointments/1/body/aa")):
        with pytest.raises(WrongKey) as caught:
            key.open(context, sealed)
        assert caught.value.exit_code == 12


@pytest.mark.parametrize("length", [0, 1, 31, 32, 47])
def test_a_row_cut_short_is_noticed(length: int) -> None:
    with pytest.raises(WrongKey):
        KEY.open("here", KEY.seal("here", b"")[:length])


def test_the_same_text_is_sealed_differently_every_time() -> None:
    sealed = {KEY.seal("here", b"Marie Dupont") for _ in range(50)}
    assert len(sealed) == 50
    assert not any(b"Marie" in value for value in sealed)


def test_a_blind_index_finds_the_same_value_and_tells_nothing_of_it() -> None:
    assert KEY.blind("href/1", "/a.ics") == KEY.blind("href/1", "/a.ics")
    assert KEY.blind("href/1", "/a.ics") != KEY.blind("href/2", "/a.ics")
    assert KEY.blind("href/1", "/a.ics") != new_device_key().blind("href/1", "/a.ics")
    assert len(KEY.blind("href/1", "\udcff")) == 16


def test_a_key_names_itself_without_showing_its_secret() -> None:
    assert len(KEY.name) == 16
    assert KEY.name != new_device_key().name
    assert KEY.secret.hex() not in repr(KEY)
    assert str(KEY.secret) not in repr(KEY)


def test_the_key_of_a_row_is_what_the_rfc_calls_expansion() -> None:
    """Written with a second implementation of RFC 5869, so that what a state holds can be opened without this code."""
    sealed = KEY.seal("here", b"text")
    salt, body = sealed[:32], sealed[32:]
    derived = HKDFExpand(SHA256(), 32, b"coachsync device row" + salt).derive(KEY.secret)
    assert AESGCM(derived).decrypt(bytes(12), body, b"here") == b"text"
