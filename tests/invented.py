"""The invented practices of the benchmarks, and how what is inferred from them is measured: they are no package."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

_BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def _loaded(name: str) -> Any:
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(_BENCHMARKS))
        return importlib.import_module(name)


practices, poller, snapshot = (_loaded(name) for name in ("practices", "poller", "snapshot"))
