"""The vault that the tests of its format read, and the log that those of its history go on with."""

from __future__ import annotations

import pytest

import vaultvectors
from vaultfolder import Vault
from vaultpeople import Book, practice


@pytest.fixture(scope="module", params=["written once", "written now"])
def vault(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Vault:
    if request.param == "written once":
        return Vault(vaultvectors.GOLDEN)
    folder = tmp_path_factory.mktemp("vault")
    vaultvectors.write(folder)
    return Vault(folder)


@pytest.fixture
def book() -> Book:
    """The log of a practice, as far as it has come."""
    return practice()
