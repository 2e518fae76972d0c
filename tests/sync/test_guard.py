import pytest

from coachsync.sync.guard import refuses


@pytest.mark.parametrize(
    ("known", "vanishing", "refused"),
    [
        (300, 300, True),  # emptied
        (4, 4, True),
        (3, 3, False),  # a small calendar may be emptied
        (1, 1, False),
        (300, 150, True),  # half a listing
        (300, 61, True),
        (300, 60, False),  # exactly a fifth
        (1000, 100, False),  # many, and a small part
        (40, 11, True),
        (40, 10, False),  # a large part, and few
        (12, 11, True),
        (0, 0, False),
        (300, 0, False),
    ],
)
def test_p05_a_mass_deletion_is_refused(known: int, vanishing: int, refused: bool) -> None:
    assert refuses(known, vanishing) is refused
