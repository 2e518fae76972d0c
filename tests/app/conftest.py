from collections.abc import Iterator
from pathlib import Path

import pytest

from coachsync.adapters.ical.reader import Reader
from practice_house import House


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    with Reader() as shared:
        yield shared


@pytest.fixture
def house(tmp_path: Path, reader: Reader) -> House:
    return House(tmp_path, reader=reader)
