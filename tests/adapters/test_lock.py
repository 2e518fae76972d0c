import os
import subprocess
import sys
from pathlib import Path

import pytest

from coachsync.adapters import lock
from coachsync.errors import Temporary

HOLDER = """
import sys
from pathlib import Path
from coachsync.adapters import lock
with lock.hold(Path(sys.argv[1]), "sync"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer_waits_briefly_and_names_the_holder(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Temporary) as caught, lock.hold(tmp_path, "agenda", patience=0.2):
            pass
        assert "sync" in caught.value.message
        assert str(holder.pid) in caught.value.message
        holder.kill()
    with lock.hold(tmp_path, "agenda", patience=0.2):
        assert (tmp_path / "lock").read_text() == f"agenda {os.getpid()}"


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock.hold(tmp_path, "sync"):
        1 / 0  # noqa: B018
    with lock.hold(tmp_path, "sync", patience=0):
        pass
    assert (tmp_path / "lock").read_text() == ""
