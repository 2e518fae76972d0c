"""What the administrator does so that a systemd credential opens the vault for a coach: nobody else can make one."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from coachsync.adapters.slotsecrets import credential_name
from coachsync.app.keys import STORE, Step, folder_step
from coachsync.phrases import say
from coachsync.vault.keyslots import SECRET_BYTES


def steps(coach: str, user: str, program: Sequence[str]) -> tuple[Step, ...]:
    """For the coach of this name in trust.toml and this user; `program` is coachsync with its configuration."""
    name = credential_name(coach)
    sealed = f"{STORE}/{name}"
    unit = f"LoadCredentialEncrypted={name}:{sealed}"
    whose = ["--coach", coach]
    add, unlock, lock = (
        [*program, "vault", *words, *whose]
        for words in (["keyslot", "add", "credential"], ["unlock", "--credential"], ["lock"])
    )
    again = ["systemd-run", "--pty", "--collect", f"--uid={user}", "-p", unit, *add]
    service = ["[Service]", "Type=oneshot", "RemainAfterExit=yes", f"User={user}", unit]
    service += [f"ExecStart={shlex.join(unlock)}", f"ExecStop={shlex.join(lock)}"]
    return (
        folder_step(),
        Step(
            say("Draw a secret, and seal it with this machine's security chip where it has one:"),
            f"head -c {SECRET_BYTES} /dev/urandom | systemd-creds encrypt --name={name} - {sealed}",
        ),
        Step(say("Let it open the vault, which asks for the passphrase once:"), shlex.join(again)),
        Step(
            say("To unlock the vault with it, start a service like this one; stop it to lock the vault:"),
            "\n".join(service),
        ),
    )
