import icalendar
import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from coachsync import contentline
from coachsync.sync.decide import Side, Verdict, decide
from coachsync.sync.merge import merge
from coachsync.sync.sameness import same
from histories import Edit, appointment, damages, histories, put, rewritings

BASE = appointment("LOCATION:Lyon", "SEQUENCE:1")
HERE = put("LOCATION", "LOCATION:Paris")(BASE)
THERE = put("SUMMARY", "SUMMARY:Paul")(BASE)
STAMPED = put("DTSTAMP", "DTSTAMP:20261001T000000Z")(BASE)
UNREADABLE = BASE.replace("END:VEVENT\r\n", "")


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "verdict"),
    [
        (BASE, BASE, BASE, Verdict(BASE, BASE)),
        (None, None, None, Verdict(None, None)),
        (BASE, None, None, Verdict(None, None)),
        (None, HERE, None, Verdict(HERE, HERE)),
        (None, None, THERE, Verdict(THERE, THERE)),
        (BASE, HERE, BASE, Verdict(HERE, HERE)),
        (BASE, BASE, THERE, Verdict(THERE, THERE)),
        (BASE, None, BASE, Verdict(None, None)),
        (BASE, BASE, None, Verdict(None, None)),
        (BASE, None, STAMPED, Verdict(None, None)),
        (BASE, STAMPED, None, Verdict(None, None)),
        (BASE, BASE, STAMPED, Verdict(STAMPED, STAMPED)),
        (None, BASE, STAMPED, Verdict(STAMPED, STAMPED)),
        (BASE, None, THERE, Verdict(None, THERE, ("deleted-here",))),
        (BASE, HERE, None, Verdict(HERE, None, ("deleted-there",))),
        (None, HERE, THERE, Verdict(HERE, THERE, ("created-twice",))),
        (BASE, UNREADABLE, THERE, Verdict(UNREADABLE, THERE, ("unreadable",))),
        (BASE, HERE, UNREADABLE, Verdict(HERE, UNREADABLE, ("unreadable",))),
        (UNREADABLE, HERE, THERE, Verdict(HERE, THERE, ("unreadable",))),
        (UNREADABLE, HERE, UNREADABLE, Verdict(HERE, HERE)),
        (BASE, BASE, UNREADABLE, Verdict(UNREADABLE, UNREADABLE)),
    ],
)
def test_p04_an_edit_beats_nothing_silently(base: Side, ours: Side, theirs: Side, verdict: Verdict) -> None:
    assert decide(base, ours, theirs) == verdict


def test_edits_of_different_properties_are_merged_for_both_sides() -> None:
    both = put("LOCATION", "LOCATION:Paris")(THERE)
    assert decide(BASE, HERE, THERE) == Verdict(both, both)


def test_where_both_changed_the_same_each_side_keeps_its_own_and_no_text_is_in_the_reason() -> None:
    here, there = (put("SUMMARY", f"SUMMARY:{word}")(BASE) for word in ("Ines", "Paul"))
    assert decide(BASE, here, there) == Verdict(here, there, ("SUMMARY",))


# ------------------------------------------------------------------------------------------------------ properties

MIRRORED = {"deleted-here": "deleted-there", "deleted-there": "deleted-here"}


@st.composite
def sides(draw: st.DrawFn) -> tuple[Side, Side, Side]:
    """Histories, also of objects that a side deleted, or that nobody agreed on."""
    base, ours, theirs = draw(histories())
    rewritten = draw(rewritings())
    return (
        draw(st.sampled_from([base, base, base, None])),
        draw(st.sampled_from([ours, ours, rewritten(ours), base, None])),
        draw(st.sampled_from([theirs, rewritten(theirs), rewritten(base), None])),
    )


@st.composite
def damaged_sides(draw: st.DrawFn) -> tuple[Side, Side, Side]:
    """As `sides`, with lines lost, repeated or out of place."""
    damage = st.one_of(st.just(lambda text: text), damages())
    base, ours, theirs = (None if side is None else draw(damage)(side) for side in draw(sides()))
    return base, ours, theirs


def agree(one: Side, other: Side) -> bool:
    return one == other if one is None or other is None else same(one, other)


@settings(max_examples=75)
@given(damaged_sides())
def test_p04_exchanging_the_sides_mirrors_the_verdict(given_sides: tuple[Side, Side, Side]) -> None:
    base, ours, theirs = given_sides
    verdict, mirrored = decide(base, ours, theirs), decide(base, theirs, ours)
    assert agree(verdict.ours, mirrored.theirs)
    assert agree(verdict.theirs, mirrored.ours)
    assert mirrored.clashes == tuple(MIRRORED.get(code, code) for code in verdict.clashes)


@settings(max_examples=75)
@given(damaged_sides())
def test_p13_deciding_again_changes_nothing(given_sides: tuple[Side, Side, Side]) -> None:
    base, ours, theirs = given_sides
    verdict = decide(base, ours, theirs)
    event(str(verdict.clashes or "agreed"))
    if verdict.clashes:
        assert (verdict.ours, verdict.theirs) == (ours, theirs)
        assert not agree(ours, theirs)
        assert decide(base, ours, theirs) == verdict
        return
    agreed = verdict.ours
    assert agreed == verdict.theirs
    assert decide(agreed, agreed, agreed) == verdict
    for held in ((agreed, agreed), (agreed, theirs), (ours, agreed)):  # wherever the process was killed in between
        again = decide(base, *held)
        assert agree(again.ours, agreed)
        assert again.ours == again.theirs
        assert not again.clashes


# A fact is a line of a component, or an alarm in it; lists of values are taken apart. It knows nothing of what is
# a unit, a default or a stamp, so that a merge can be checked against plain set arithmetic.

Fact = tuple[str, str]
NO_FACTS = ("DTSTAMP:", "SEQUENCE:", "PRODID:", "X-RADICALE-")


def facts(text: Side) -> set[Fact]:
    if text is None:
        return set()
    (calendar,) = contentline.components(contentline.parse(text))
    return {(key(child), fact) for child in calendar.children for fact in of(child)}


def key(component: contentline.Component) -> str:
    named = {line.name: contentline.unfold(line.raw) for line in component.lines}
    return named.get("RECURRENCE-ID", "") or named.get("TZID", "")


def of(component: contentline.Component) -> set[str]:
    found = set()
    for line in component.lines:
        whole = contentline.unfold(line.raw)
        if line.name == "CATEGORIES":
            found |= {f"CATEGORIES:{one}" for one in line.value.split(",")}
        elif not whole.startswith(NO_FACTS):
            found.add(whole)
    return found | {f"{child.name} {sorted(of(child))}" for child in component.children}


@settings(max_examples=125)
@given(sides())
@example((BASE, HERE, THERE))
def test_p04_what_both_sides_hold_says_exactly_what_each_of_them_changed(given_sides: tuple[Side, Side, Side]) -> None:
    verdict = decide(*given_sides)
    if not verdict.clashes:
        before, here, there = map(facts, given_sides)
        assert facts(verdict.theirs) == (there | (here - before)) - (before - here)
        assert verdict.theirs is None or sequence(verdict.theirs) == max(map(sequence, given_sides[1:]))


def sequence(text: Side) -> int:
    return max((int(line.value) for line in contentline.parse(text or "") if line.name == "SEQUENCE"), default=0)


@settings(max_examples=75)
@given(histories(), rewritings())
def test_lines_of_theirs_that_we_did_not_change_stay_byte_for_byte(
    history: tuple[str, str, str], rewritten: Edit
) -> None:
    base, ours, theirs = history
    theirs = rewritten(theirs)
    text = merge(base, ours, theirs).text
    if text is not None:
        ended = {value for _, value in facts(base) - facts(ours)}
        stay = [line.raw for line in contentline.parse(theirs) if not touched(line, ended)]
        found = iter(line.raw for line in contentline.parse(text))
        assert all(raw in found for raw in stay)  # in this order


def touched(line: contentline.Line, ended: set[str]) -> bool:
    whole = contentline.unfold(line.raw)
    listed = {f"{line.name}:{one}" for one in line.value.split(",")}
    nested = line.name in ("BEGIN", "END", "ACTION", "TRIGGER", "UID", "RECURRENCE-ID") or whole == "DESCRIPTION:x"
    return nested or whole.startswith(NO_FACTS) or bool(ended & {whole, *listed})


@settings(max_examples=75)
@given(histories())
def test_a_merged_text_is_valid(history: tuple[str, str, str]) -> None:
    text = merge(*history).text
    if text is not None:
        check(icalendar.Calendar.from_ical(text), text)


def check(calendar: icalendar.Component, text: str) -> None:
    found = calendar.walk("VEVENT")
    masters = [one for one in found if "RECURRENCE-ID" not in one]
    assert len(masters) == 1
    assert {str(one["UID"]) for one in found} == {"5f0c"}
    (master,) = masters
    for one in found:
        assert "RRULE" not in one or one is master
        assert all(
            not isinstance(one.get(name), list) for name in ("SUMMARY", "DTSTART", "DTEND", "STATUS", "SEQUENCE")
        )
        assert one is master or type(one["RECURRENCE-ID"].dt) is type(master["DTSTART"].dt)
    assert text.count("TRIGGER") == text.count("BEGIN:VALARM")
    zones = {line.param("TZID") for line in contentline.parse(text)} - {""}
    assert zones <= {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")}


@settings(max_examples=50)
@given(histories(most=1), st.data())
def test_an_edit_that_both_sides_made_never_clashes(history: tuple[str, str, str], data: st.DataObject) -> None:
    base, ours, _ = history
    assert decide(base, ours, ours) == Verdict(ours, ours)
    rewritten = data.draw(rewritings())(ours)
    assert decide(base, ours, rewritten) == Verdict(rewritten, rewritten)
