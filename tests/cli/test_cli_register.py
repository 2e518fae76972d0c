"""`coachsync agreement` and `coachsync disclosure`: kept like notes, and shown to the coach alone."""

from __future__ import annotations

from cli_desk import NAME
from cli_vault import CANARY, VaultDesk


def test_an_agreement_is_kept_while_locked_and_shown_with_the_passphrase(vaulted: VaultDesk) -> None:
    learns, exceptions = ("--sponsor-may-learn", "dates"), ("--exception", "-", "--exception", "law")
    words = ("--signed", "2026-01-05", *learns, *exceptions, "--hand-over")
    added = vaulted.given(f"danger {CANARY}\nThe contract,\n{CANARY}.\n", "agreement", "add", vaulted.client, *words)
    assert added.code == 0
    [agreement] = vaulted.document("agreement", "show", vaulted.client)["agreements"]
    assert agreement.pop("written_at")
    assert agreement == {
        "id": added.out.split()[0], "client": vaulted.client, "version": 1, "text": f"The contract,\n{CANARY}.",
        "signed": "2026-01-05", "sponsor_may_learn": ["dates"], "exceptions": [f"danger {CANARY}", "law"],
        "hand_over": True,
    }  # fmt: skip
    shown = vaulted.unlocked("agreement", "show", vaulted.client).out
    assert f"exceptions\tdanger {CANARY} | law\n" in shown
    assert shown.endswith(f"The contract,\n{CANARY}.\n")
    assert vaulted.leaks(CANARY) == []
    assert vaulted.ids() == []


def test_a_client_has_no_agreement_unless_one_was_signed(vaulted: VaultDesk) -> None:
    assert vaulted.given("text", "agreement", "add", vaulted.client).code == 2
    assert vaulted.given("text", "agreement", "add", vaulted.client, "--signed", "2026-13-05").code == 2
    assert vaulted.document("agreement", "show", vaulted.client)["agreements"] == []
    assert vaulted.given("plain", "agreement", "add", vaulted.client, "--signed", "2026-01-05").code == 0
    [agreement] = vaulted.document("agreement", "show", vaulted.client)["agreements"]
    assert (agreement["sponsor_may_learn"], agreement["exceptions"], agreement["hand_over"]) == ([], [], False)


def test_disclosures_are_listed_of_one_client_or_of_all(vaulted: VaultDesk) -> None:
    other = str(vaulted.given("Autre\n", "--json", "client", "add", "--name", "-").document["code"])
    words = ("--ground", "-", "--recipient", "-", "--on", "2026-02-03")
    added = vaulted.given(f"danger\nDr {CANARY}\nthat she\ncomes\n", "disclosure", "add", vaulted.client, *words)
    assert added.code == 0
    vaulted.given("law\nthe judge\nall\n", "disclosure", "add", other, *words)
    found = vaulted.document("disclosure", "list")["disclosures"]
    assert {one["client"] for one in found} == {vaulted.client, other}
    [mine] = vaulted.document("disclosure", "list", vaulted.client)["disclosures"]
    assert mine in found
    told = ("ground", "recipient", "said", "on")
    assert [mine[name] for name in told] == ["danger", f"Dr {CANARY}", "that she\ncomes", "2026-02-03"]
    row = vaulted.unlocked("disclosure", "list", vaulted.client).out.rstrip("\n").split("\t")
    assert row[1:] == [vaulted.client, NAME, "2026-02-03", f"Dr {CANARY}", "danger", "that she comes"]
    assert vaulted.leaks(CANARY) == []


def test_each_kind_has_its_own_register(vaulted: VaultDesk) -> None:
    vaulted.note("text")
    assert vaulted.document("agreement", "show", vaulted.client)["agreements"] == []
    assert vaulted.document("disclosure", "list")["disclosures"] == []
