"""What the Debian servers stand on: a folder of an ordinary user's, processes ended by their own id, a box for mail."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from processes import eventually
from servers import listening

_FILES = Path(__file__).parent / "files"
_MOST_SECONDS = 30


@dataclass(frozen=True)
class Ground:
    """A folder and the user who owns what is in it: root starts servers as `user`, anybody else as themselves."""

    folder: Path
    user: str

    @property
    def runs_as(self) -> str:
        return self.user if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def make(self, *names: str) -> None:
        """Folders for the server to write in."""
        for name in names:
            self._give(self.folder / name, folder=True)

    def fill(self, name: str, mode: int = 0o644, **values: object) -> Path:
        """A file of ours with its @NAME@ places filled in; @DIR@ is the folder."""
        text = (_FILES / name).read_text(encoding="utf-8")
        for key, value in {"DIR": self.folder, **values}.items():
            text = text.replace(f"@{key}@", str(value))
        target = self.folder / name
        target.write_text(text, encoding="utf-8")
        target.chmod(mode)
        return target

    def run(self, *command: str, said: str = "", **environment: str) -> str:
        """What a program says that ends, and is told `said`. Raises RuntimeError with what it complained of."""
        done = subprocess.run(
            command, **self._who(environment), capture_output=True, text=True, input=said, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stderr[-2000:]}{done.stdout[-2000:]}")
        return done.stdout

    @contextmanager
    def running(
        self, command: Sequence[str], port: int, farewell: signal.Signals = signal.SIGTERM, **environment: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A server, from when it accepts connections until it has been told to end, with all that it started."""
        log = self.folder / f"{Path(command[0]).name}.out"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                **self._who(environment),
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            settled = eventually(lambda: process.poll() is not None or listening(port), _MOST_SECONDS)
            if not settled or process.poll() is not None:
                raise RuntimeError(f"{command[0]} did not start: {log.read_text(errors='replace')[-2000:]}")
            yield process
        finally:
            _end(process, farewell)

    def _who(self, environment: Mapping[str, str]) -> dict[str, object]:
        """How a program is started: as whom, where, and with which environment."""
        clean = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self.folder), **environment}
        start: dict[str, object] = {"cwd": self.folder, "env": clean}
        if os.geteuid() == 0:
            start |= {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []}
        return start

    def _give(self, path: Path, *, folder: bool) -> None:
        path.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(path, self.user)


@contextmanager
def ground(user: str) -> Iterator[Ground]:
    """A folder of the user's own outside of pytest's, which are closed to other users; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="coachsync-"))
    folder.chmod(0o755)
    try:
        made = Ground(folder, user)
        made.make(".")
        yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def absent(needed: Mapping[str, str]) -> str:
    """The packages whose file (a pattern below /) is not there, separated by spaces."""
    root = Path("/")
    lacking = (package for pattern, package in needed.items() if not any(root.glob(pattern)))
    return " ".join(dict.fromkeys(lacking))


def _end(process: subprocess.Popen[bytes], farewell: signal.Signals) -> None:
    """End a process that leads a session of its own; what does not go at once is killed, with what it left behind."""
    if process.poll() is None:
        process.send_signal(farewell)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
