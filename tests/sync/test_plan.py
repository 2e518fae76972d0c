from hypothesis import given
from hypothesis import strategies as st

from coachsync.model import Listing
from coachsync.sync.plan import Plan, plan

HREFS = st.sampled_from([f"/c/{letter}.ics" for letter in "abcdefgh"])
ETAGS = st.sampled_from(['"1"', '"2"', '"3"'])
SIDES = st.dictionaries(HREFS, ETAGS)


def complete(etags: dict[str, str]) -> Listing:
    return Listing(etags=etags, complete=True)


def test_a_first_sync_fetches_everything_and_deletes_nothing() -> None:
    local = {"/c/mine.ics"}
    assert plan({}, local, complete({"/c/a.ics": '"1"'})) == Plan(added=("/c/a.ics",))


def test_a_new_version_is_fetched_and_an_absent_object_forgotten() -> None:
    base = {"/c/a.ics": '"1"', "/c/b.ics": '"1"', "/c/c.ics": '"1"'}
    seen = complete({"/c/a.ics": '"2"', "/c/b.ics": '"1"'})
    assert plan(base, set(base), seen) == Plan(changed=("/c/a.ics",), gone=("/c/c.ics",))


def test_a_copy_that_was_lost_here_is_fetched_again() -> None:
    base = {"/c/a.ics": '"1"'}
    assert plan(base, set(), complete(base)) == Plan(changed=("/c/a.ics",))


def test_in_a_delta_only_what_is_named_gone_is_gone() -> None:
    base = {"/c/a.ics": '"1"', "/c/b.ics": '"1"'}
    delta = Listing(gone=frozenset({"/c/b.ics", "/c/never-seen.ics"}))
    assert plan(base, set(base), delta) == Plan(gone=("/c/b.ics",))


@given(SIDES, SIDES, st.frozensets(HREFS), st.booleans())
def test_p05_what_a_listing_is_unclear_about_is_never_gone(
    base: dict[str, str], seen: dict[str, str], unclear: frozenset[str], whole: bool
) -> None:
    listing = Listing(etags=seen, gone=frozenset(base), unclear=unclear, complete=whole)
    assert not unclear & set(plan(base, set(base), listing).gone)


@given(SIDES, SIDES)
def test_applying_a_plan_makes_the_copies_equal_to_the_server(base: dict[str, str], seen: dict[str, str]) -> None:
    todo = plan(base, set(base), complete(seen))
    after = {href: etag for href, etag in base.items() if href not in todo.gone}
    after |= {href: seen[href] for href in todo.fetch}
    assert after == seen


@given(SIDES)
def test_p13_a_second_run_plans_nothing(seen: dict[str, str]) -> None:
    assert plan(seen, set(seen), complete(seen)) == Plan()
    assert plan(seen, set(seen), Listing()) == Plan()


@given(SIDES, st.frozensets(HREFS), SIDES)
def test_p04_a_copy_that_nobody_agreed_on_is_never_forgotten(
    base: dict[str, str], local: frozenset[str], seen: dict[str, str]
) -> None:
    assert not (local - base.keys()) & set(plan(base, local, complete(seen)).gone)
