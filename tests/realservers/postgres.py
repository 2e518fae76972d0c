"""PostgreSQL for the servers that need it: a cluster of its own in a temporary folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from processes import eventually
from realservers.ground import Ground, ground
from servers import free_port

NEEDS = {"usr/lib/postgresql/*/bin/initdb": "postgresql"}


@dataclass(frozen=True)
class Postgres:
    ground: Ground
    port: int

    @property
    def environment(self) -> dict[str, str]:
        path = f"{_programs()}:{os.environ['PATH']}"
        return {"PATH": path, "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": self.ground.runs_as}

    def ready(self) -> bool:
        try:
            self.sql("postgres", "SELECT 1")
        except RuntimeError:
            return False
        return True

    def sql(self, database: str, *statements: str) -> str:
        """Run statements, each in a transaction of its own; what the last of them says."""
        commands = [part for one in statements for part in ("-c", one)]
        return self.ground.run("psql", "-qXAt", "-v", "ON_ERROR_STOP=1", *commands, database, **self.environment)


def _programs() -> Path:
    return max(Path("/usr/lib/postgresql").glob("*/bin/initdb")).parent


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A cluster that asks for no passwords and does not wait for the disk."""
    with ground("postgres") as place:
        port = free_port()
        programs, data = _programs(), place.folder / "data"
        place.run(str(programs / "initdb"), "-A", "trust", "-E", "UTF8", "--no-sync", "-D", str(data))
        options = {"listen_addresses": "127.0.0.1", "port": port, "fsync": "off", "unix_socket_directories": ""}
        command = [str(programs / "postgres"), "-D", str(data)]
        for key, value in options.items():
            command += ["-c", f"{key}={value}"]
        with place.running(command, port):
            cluster = Postgres(place, port)
            if not eventually(cluster.ready):  # it accepts connections before it answers
                raise RuntimeError("PostgreSQL does not answer")
            yield cluster
