"""Whatever stands in the file may be a secret in the wrong place: no problem repeats it."""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachsync import config
from coachsync.errors import Misconfigured
from configurations import GOOD, NOTIFY, SECOND, changed, only_problem, problems_of


@pytest.mark.parametrize("name", ["Zoé Martin", "a.b", "", "x" * 41, "a/b", "né"])
def test_names_are_plain_and_a_bad_one_is_not_repeated(tmp_path: Path, name: str) -> None:
    for section in ("accounts.cloud", "calendars.coaching", "shares.office"):
        first = section.partition(".")[0]
        found = problems_of(tmp_path, changed(f"[{section}]", f'[{first}."{name}"]'))
        assert ("bad-name", f"{first}.?") in {(problem.code, problem.where) for problem in found}
        assert not name or name not in repr(found)


@pytest.mark.parametrize(
    "line",
    [
        'password = "hunter2"',
        'password = ["hunter2"]',
        'password = { plain = "hunter2" }',
        'password = { file = { hunter2 = 1 } }',
        'password = { keyring = "hunter2!" }',
        'password = { credential = ["hunter2"] }',
        'pasword = "hunter2"',
        'password = { command = "echo hunter2" }',
        'timeout = "hunter2"',
        'ca_file = ["hunter2"]',
        'password = "hunter2',
        "password = hunter2",
        "password = { file = 'hunter2' ",
        "hunter2 hunter2 = 1",
        '"hunter2!" = 1',
        "username = 'hunter2'",
        "username = '''hunter2\\n\nb'''",
    ],
)  # fmt: skip
def test_p12_value_is_never_repeated(tmp_path: Path, line: str) -> None:
    text = GOOD.replace('password = { file = "cloud.password" }', line)
    assert "hunter2" not in repr(problems_of(tmp_path, text))


def test_p12_value_is_never_repeated_wherever_it_stands(tmp_path: Path) -> None:
    lines = GOOD.splitlines()
    for number, line in enumerate(lines):
        key, equals, _ = line.partition(" = ")
        if equals:
            lines[number] = f'{key} = ["hunter2", {{ file = "hunter2" }}]'
            assert "hunter2" not in repr(problems_of(tmp_path, "\n".join(lines)))
            lines[number] = line


def test_password_in_the_file_is_told_where_it_belongs(tmp_path: Path) -> None:
    found = only_problem(tmp_path, changed('{ file = "cloud.password" }', '"hunter2"'))
    assert (found.code, found.where) == ("password-in-configuration", "accounts.cloud.password")
    assert "{ file = " in found.hint


CANARY = "hunter2"
ANYTHING = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x7f"), max_size=8).map(
            lambda text: f"{CANARY}{text}"
        ),
        st.sampled_from(["", "PT5M", "P6M", "https://cloud.example/", "busy", "cloud", "coaching", "~", "/", "\u2028"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["file", "name", "account"]), inner),
    max_leaves=5,
)


def inline(value: object) -> str:
    """A value of parsed TOML, written in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {inline(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("NaN", "nan").replace("Infinity", "inf")


def places(value: object) -> list[tuple[dict[str, object], str]]:
    """Every table and key of parsed TOML."""
    if not isinstance(value, dict):
        return []
    return [(value, key) for key in value] + [place for inner in value.values() for place in places(inner)]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_p12_any_value_anywhere_is_read_or_refused_and_never_repeated(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    document = copy.deepcopy(tomllib.loads(GOOD + SECOND + NOTIFY))
    for _ in range(data.draw(st.integers(1, 3))):
        table, key = data.draw(st.sampled_from(places(document)))
        if data.draw(st.booleans()):
            del table[key]
        else:
            table[key] = data.draw(ANYTHING)
    text = "".join(f"{key} = {inline(value)}\n" for key, value in document.items())
    assert tomllib.loads(text).keys() == document.keys()
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8")
    found = refusal(path)
    if found is not None:
        assert found.problems
        assert all(problem.where and problem.message and problem.hint for problem in found.problems)
        assert CANARY not in repr(found.problems) + str(found)


def refusal(path: Path) -> Misconfigured | None:
    try:
        config.load(path)
    except Misconfigured as error:
        return error
    return None
