"""`coachsync client`: the directory at the command line, and that no name comes out where it should not."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from cli_desk import Desk
from cli_dialogue import Dialogue
from coachsync.adapters.database import open_database
from coachsync.adapters.keystore import load_device_key
from coachsync.app.cli import asking

CARDS = Path(__file__).parent.parent / "corpus" / "cards"
CANARY = "Canari-Zoubrowka"


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What stands in stdin, line by line; no terminal."""
    return lambda *lines: monkeypatch.setattr(asking.sys, "stdin", io.StringIO("".join(f"{one}\n" for one in lines)))


def added(desk: Desk, *words: str) -> str:
    result = desk.json("client", "add", *words)
    assert result.code == 0
    return str(result.document["code"])


def shown(desk: Desk, code: str) -> dict[str, Any]:
    found: dict[str, Any] = desk.json("client", "show", code).document
    return found


def test_a_client_is_added_shown_and_listed_with_names_from_stdin(desk: Desk, line: Any) -> None:
    line(CANARY, "z@canari.example", "Zoubi", "Brume", "ACME Canari")  # in the order of the help
    options = ["--organisation", "-", "--name", "-", "--alias", "-", "--address", "-", "--sponsor", "-", "--unshared"]
    result = desk.run("client", "add", *options)
    assert result.code == 0
    code = result.out.split()[0]
    assert result.out == f"{code} was added.\n"
    client = shown(desk, code.lower().removeprefix("c-"))
    assert (client["names"], client["aliases"], client["addresses"]) == ([CANARY], ["Zoubi"], ["z@canari.example"])
    assert (client["organisation"], client["sponsor"]["name"]) == ("Brume", "ACME Canari")
    assert client["unshared"] is True
    [listed] = desk.json("client", "list").document["clients"]
    assert listed["code"] == code
    assert CANARY in desk.run("client", "list").out
    assert CANARY in desk.run("client", "show", code).out
    line(CANARY.upper())
    assert desk.json("client", "show", "-").document["code"] == code
    line("acme canari")
    other = added(desk, "--name", "Other", "--sponsor", "-")
    assert shown(desk, other)["sponsor"] == client["sponsor"]
    assert shown(desk, added(desk, "--name", "Third", "--sponsor", client["sponsor"]["code"]))["sponsor"]


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (["add"], "name-missing", 2),
        (["add", "--alias", "Zoubi"], "name-missing", 2),
        (["add", "--name", "A", "--sponsor", "S-000000"], "no-such-sponsor", 2),
        (["add", "--name", "A", "--address", "Rue du Lac 3"], "not-an-address", 2),
        (["add", "--name", "A", "--address", "mailto:a@"], "not-an-address", 2),
        (["add", "--name", "A", "--phone", "Zoubi"], "not-a-phone", 2),
        (["show", "C-000000"], "no-such-client", 2),
        (["show", "somebody"], "no-client-code", 2),
        (["edit", "C-000000"], "nothing-to-change", 2),
        (["edit", "C-000000", "--name", "A"], "no-such-client", 2),
        (["import", "/nowhere/Canari.vcf"], "cards-not-read", 1),
    ],
)
def test_what_cannot_be_done_is_refused(desk: Desk, words: list[str], code: str, exit_code: int) -> None:
    plain, error = desk.refused("client", *words)
    assert (plain.code, error["code"]) == (exit_code, code)
    assert desk.json("client", "list").document == {"clients": [], "problems": []}


def test_a_name_that_two_have_is_told_and_not_guessed(desk: Desk, line: Any) -> None:
    one = added(desk, "--name", CANARY)
    result = desk.run("client", "add", "--name", CANARY.lower())
    assert one in result.err
    line(CANARY)
    failed = desk.run("client", "show", "-")
    assert (failed.code, one in failed.err) == (2, True)


def test_a_client_is_changed(desk: Desk, line: Any) -> None:
    code = added(desk, "--name", CANARY, "--phone", "06 12", "--organisation", "Brume")
    line("Zoubrowka-Lune")
    edit = ["--name", "-", "--add-spelling", "Z.", "--add-address", "MAILTO:Z@x.example", "--remove-phone", "0612"]
    assert desk.run("client", "edit", code, *edit, "--organisation", "").out == f"{code} was changed.\n"
    client = shown(desk, code)
    assert client["names"] == ["Zoubrowka-Lune", CANARY, "Z."]
    assert (client["addresses"], client["phones"], client["organisation"]) == (["z@x.example"], [], "")
    before = desk.fingerprint()
    assert desk.run("client", "edit", code, "--add-spelling", "Z.").out == "Nothing is different.\n"
    assert desk.fingerprint() == before  # promise 13
    assert desk.json("client", "edit", code, "--unshared").document == {"code": code, "changed": True}
    assert desk.json("client", "edit", code, "--unshared").document == {"code": code, "changed": False}
    assert desk.refused("client", "edit", code, "--remove-spelling", "Zoubrowka-Lune")[1]["code"] == "main-name"
    assert desk.refused("client", "edit", code, "--remove-alias", "Nobody")[1]["code"] == "not-there"


def test_a_pseudonym_is_chosen_and_refused_when_it_joins_shares_or_tells(desk: Desk) -> None:
    desk.text += '[shares.team]\nfrom = ["coaching"]\nto = { account = "cloud", name = "Team" }\nprofile = "busy"\n'
    desk.text = desk.text.replace('"busy"', '"pseudonym"').replace('"session"', '"pseudonym"')
    ana, bo = added(desk, "--name", CANARY), added(desk, "--name", "Bo Lune")
    assert desk.run("client", "edit", ana, "--pseudonym", "office=Granite-41").code == 0
    assert shown(desk, ana)["pseudonyms"] == {"office": "Granite-41"}
    for code, given, why in (
        (ana, "team=Granite-41", "pseudonym-used"),
        (bo, "office=granite-41", "pseudonym-used"),
        (ana, "team=Lune-3", "pseudonym-tells"),
        (bo, "team=Zoubrowka", "pseudonym-tells"),
        (bo, "team=A", "pseudonym-form"),
        (bo, "team", "pseudonym-form"),
        (bo, "gone=Zinc-10", "no-such-share"),
    ):
        _, error = desk.refused("client", "edit", code, "--add-alias", "left", "--pseudonym", given)
        assert error["code"] == why
        assert "office, team" in error["hint"] or why != "no-such-share"
    assert shown(desk, bo)["aliases"] == []  # all of it, or nothing
    assert shown(desk, bo)["pseudonyms"] == {}


def test_p13_cards_are_imported_once_and_bad_ones_are_told_by_their_place(desk: Desk) -> None:
    files = [str(CARDS / name) for name in ("nextcloud-addressbook.vcf", "damaged-cut-short.vcf")]
    first = desk.json("client", "import", *files)
    assert first.code == 3
    quarantined = [{"file": 2, "card": 2, "line": 6, "code": "not-closed"}]
    counts = {"added": 3, "changed": 0, "unchanged": 0, "left_out": 1}
    assert first.document == counts | {"quarantined": quarantined, "imported": True}
    before = desk.fingerprint()
    again = desk.json("client", "import", *files)
    assert again.document == first.document | {"added": 0, "unchanged": 3}
    assert desk.fingerprint() == before
    plain = desk.run("client", "import", *files)
    assert "file 2" in plain.err
    assert "[not-closed]" in plain.err
    assert len(desk.json("client", "list").document["clients"]) == 3


def test_a_card_of_somebody_known_changes_that_client(desk: Desk, tmp_path: Path) -> None:
    code = added(desk, "--name", "Tancrède", "--address", "tancrede.mirebeau@poste.example")
    result = desk.json("client", "import", str(CARDS / "google-single.vcf"), "--category", "clients")
    assert (result.code, result.document["changed"], result.document["added"]) == (0, 1, 0)
    assert "Tancrède Mirebeau" in shown(desk, code)["names"]
    other = desk.json("client", "import", str(CARDS / "google-single.vcf"), "--category", "Friends")
    assert (other.document["left_out"], other.document["unchanged"]) == (1, 0)
    (tmp_path / "Canari.vcf").write_bytes(b"no card")
    assert desk.refused("client", "import", str(tmp_path / "Canari.vcf"))[1]["code"] == "no-cards"


def test_p09_a_client_whose_key_is_gone_does_not_hide_the_others(desk: Desk) -> None:
    gone, left = added(desk, "--name", CANARY), added(desk, "--name", "Bo")
    (desk.state / "keys" / "clients" / f"{gone}.key").unlink()
    result = desk.run("client", "list")
    assert result.code == 3
    assert left in result.out
    assert gone in result.err
    assert "client-key-missing" in result.err
    assert [one["code"] for one in desk.json("client", "list").document["problems"]] == ["client-key-missing"]
    assert desk.refused("client", "show", gone)[1]["code"] == "client-key-missing"


def test_p12_no_name_is_anywhere_but_where_the_coach_looks(desk: Desk, line: Any) -> None:
    line(CANARY)
    code = added(desk, "--name", "-", "--alias", "Zoubi-Canari", "--sponsor", "Banque Canari")
    assert desk.run("client", "edit", code, "--add-spelling", "Canari-Lune").code == 0
    assert desk.run("status").code in (0, 5, 10)
    files = [file for file in desk.state.rglob("*") if file.is_file()]
    assert {"status.json", f"{code}.key"} <= {file.name for file in files}
    for file in files:
        assert b"canari" not in file.read_bytes().lower(), file.name
    key = load_device_key(desk.state, create=False)
    database = open_database(desk.state, key)  # with what is in its WAL
    for file in desk.state.iterdir():
        if file.is_file():
            assert b"canari" not in file.read_bytes().lower(), file.name
    database.close()


def test_in_a_terminal_everything_is_asked_and_an_import_asks_first(desk: Desk) -> None:
    desk.write()
    config = ["--config", str(desk.file)]
    with Dialogue(desk.folder, *config, "client", "add", environ={}) as talk:
        asked = talk.answers([CANARY, "", "z@x.example", "", "", "Zoubi", "", "Brume", ""])
        assert talk.end() == 0
    assert asked[0].endswith("Name: ")
    assert asked[-1].startswith("Who pays")
    [client] = desk.json("client", "list").document["clients"]
    found = shown(desk, client["code"])
    assert (found["names"], found["addresses"], found["aliases"]) == ([CANARY], ["z@x.example"], ["Zoubi"])
    assert (found["phones"], found["organisation"], found["sponsor"]) == ([], "Brume", None)
    with Dialogue(desk.folder, *config, "client", "import", str(CARDS / "google-single.vcf"), environ={}) as talk:
        talk.sees("[y/N]")
        talk.answer("n\n")
        assert talk.end() == 130
    assert "1 client would be added" in talk.shown
    assert len(desk.json("client", "list").document["clients"]) == 1
