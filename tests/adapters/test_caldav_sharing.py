"""Who else can see a calendar, out of what servers tell: shapes as sabre/dav, Nextcloud and RFC 3744 give them."""

from __future__ import annotations

import pytest

from coachsync.errors import CoachsyncError
from coachsync.model import Exposure
from davscript import CALENDAR, Connect, Start, about, calendar_url, multistatus, whole

OC = 'xmlns:o="http://owncloud.org/ns"'
ME = "<current-user-principal><href>/principals/alice/</href></current-user-principal>"
OWNER = "<owner><href>/principals/alice</href></owner>"


def exposure(scripted: Start, connect: Connect, *properties: str) -> Exposure:
    return answered(scripted, connect, about(CALENDAR, *properties))


def answered(scripted: Start, connect: Connect, *responses: str) -> Exposure:
    server = scripted(lambda _: multistatus(*responses))
    found = connect(server.url).exposure(calendar_url(server))
    [request] = server.requests
    assert (request.method, request.headers["Depth"]) == ("PROPFIND", "0")
    return found


def user(href: str, access: str = "read", answer: str = "invite-accepted") -> str:
    """An invitation as Nextcloud and ownCloud tell it."""
    who = f"<href>{href}</href><o:common-name>Marguerite</o:common-name>"
    return f"<o:user>{who}<o:{answer}/><o:access><o:{access}/></o:access></o:user>"


def sharee(href: str, access: str = "read", answer: str = "invite-accepted") -> str:
    """An invitation as sabre/dav and Cyrus tell it."""
    return (
        f"<sharee><href>{href}</href><prop><displayname>M</displayname></prop>"
        f"<share-access><{access}/></share-access><{answer}/></sharee>"
    )


def ace(principal: str, *privileges: str, kind: str = "grant") -> str:
    granted = "".join(f"<privilege><{name}/></privilege>" for name in privileges)
    return f"<ace><principal>{principal}</principal><{kind}>{granted}</{kind}></ace>"


BOB, EVE = "<href>/principals/bob/</href>", "<href>/principals/eve/</href>"

INVITATIONS = {
    "nobody": (f"<o:invite {OC}/>", Exposure()),
    "Nextcloud, to read": (f"<o:invite {OC}>{user('principal:principals/users/bob')}</o:invite>", Exposure(1)),
    "Nextcloud, to write": (
        f"<o:invite {OC}>{user('mailto:bob@x.example', 'read-write')}{user('mailto:eve@x.example')}</o:invite>",
        Exposure(2, 1),
    ),
    "Nextcloud, not answered yet": (
        f"<o:invite {OC}>{user('principal:principals/users/bob', answer='invite-noresponse')}</o:invite>",
        Exposure(1),
    ),
    "the organizer is no guest": (
        f"<o:invite {OC}><o:organizer><href>/principals/alice</href></o:organizer></o:invite>",
        Exposure(),
    ),
    "calendarserver": (
        "<S:invite><S:user><href>mailto:Bob@x.example</href><S:access><S:read-write/></S:access></S:user></S:invite>",
        Exposure(1, 1),
    ),
    "sabre, with the owner among them": (
        f"<invite>{sharee('/principals/alice', 'shared-owner')}{sharee('mailto:bob@x.example', 'read-write')}</invite>",
        Exposure(1, 1),
    ),
    "the account itself, invited": (f"<invite>{sharee('/principals/alice/', 'read-write')}</invite>", Exposure()),
    "an administrator": (f"<o:invite {OC}>{user('mailto:bob@x.example', 'admin')}</o:invite>", Exposure(1, 1)),
    "deleted": (f"<invite>{sharee('mailto:b@x.example', answer='invite-deleted')}</invite>", Exposure()),
    "invalid": (f"<invite>{sharee('mailto:b@x.example', answer='invite-invalid')}</invite>", Exposure()),
    "no longer shared": (f"<invite>{sharee('mailto:b@x.example', 'not-shared')}</invite>", Exposure()),
    "an href that cannot be read": (f"<invite>{sharee('http://[x')}{sharee('http://[y')}</invite>", Exposure(2)),
    "declined": (f"<invite>{sharee('/principals/bob', answer='invite-declined')}</invite>", Exposure()),
    "without access": (f"<invite>{sharee('/principals/bob', 'no-access')}</invite>", Exposure()),
    "somebody without a name": (
        "<invite><sharee><share-access><read/></share-access></sharee></invite>",
        Exposure(1),
    ),
    "told twice, one person": (
        f"<invite>{sharee('mailto:BOB@x.example')}</invite><o:invite {OC}>{user('mailto:bob@x.example')}</o:invite>",
        Exposure(1),
    ),
}

LISTS = {
    "only the owner": ("<acl>" + ace("<property><owner/></property>", "all") + "</acl>", Exposure()),
    "oneself and one's own delegates' groups": (
        "<acl>"
        + ace("<href>/principals/alice/</href>", "all")
        + ace("<href>/principals/alice/calendar-proxy-write/</href>", "read", "write")
        + "</acl>",
        Exposure(),
    ),
    "another one, to read": (f"<acl>{ace(BOB, 'read')}</acl>", Exposure(1)),
    "others, one to write": (f"<acl>{ace(BOB, 'read')}{ace(EVE, 'read', 'write')}</acl>", Exposure(2, 1)),
    "another one, by URL": (
        f"<acl>{ace('<href>https://dav.example/principals/bob</href>', 'all')}</acl>",
        Exposure(1, 1),
    ),
    "somebody whose name begins like one's own": (
        f"<acl>{ace('<href>/principals/alice2/</href>', 'read')}</acl>",
        Exposure(1),
    ),
    "one who may only write": (f"<acl>{ace(BOB, 'write-content')}</acl>", Exposure(1, 1)),
    "one who may only add": (f"<acl>{ace(BOB, 'bind')}</acl>", Exposure(1, 1)),
    "all but one": (f"<acl>{ace(BOB, 'read').replace('principal>', 'invert>')}</acl>", Exposure(1)),
    "without a login": ("<acl>" + ace("<unauthenticated/>", "read") + "</acl>", Exposure(public=True)),
    "denied": (f"<acl>{ace(BOB, 'read', kind='deny')}</acl>", Exposure()),
    "times only": ("<acl>" + ace("<authenticated/>", "C:read-free-busy") + "</acl>", Exposure()),
    "everybody with a login": ("<acl>" + ace("<authenticated/>", "read") + "</acl>", Exposure(public=True)),
    "everybody": ("<acl>" + ace("<all/>", "read") + "</acl>", Exposure(public=True)),
    "a public principal": (
        f"<acl>{ace('<href>/dav/principals/system/public/</href>', 'read')}</acl>",
        Exposure(public=True),
    ),
}


@pytest.mark.parametrize("case", INVITATIONS)
def test_invitations_count_people_and_who_may_write(case: str, scripted: Start, connect: Connect) -> None:
    told, expected = INVITATIONS[case]
    assert exposure(scripted, connect, ME, OWNER, told) == expected


@pytest.mark.parametrize("case", LISTS)
def test_access_control_lists_count_everybody_but_oneself(case: str, scripted: Start, connect: Connect) -> None:
    told, expected = LISTS[case]
    assert exposure(scripted, connect, ME, OWNER, told) == expected


@pytest.mark.parametrize(
    ("link", "public"),
    [
        ("<S:publish-url><href>https://x.example/public/abc</href></S:publish-url>", True),
        ("<S:publish-url>https://x.example/public/abc</S:publish-url>", True),
        (f"<o:publish-url {OC}>https://x.example/abc</o:publish-url>", True),
        ("<S:publish-url/>", False),
        ("<S:publish-url><href></href></S:publish-url>", False),
        ("<S:pre-publish-url><href>https://x.example/abc</href></S:pre-publish-url>", False),
    ],
)
def test_a_link_opens_a_calendar_to_everybody(link: str, public: bool, scripted: Start, connect: Connect) -> None:
    assert exposure(scripted, connect, ME, link) == Exposure(public=public)


def test_a_server_that_tells_nothing_shows_nobody(scripted: Start, connect: Connect) -> None:
    assert exposure(scripted, connect) == Exposure()


@pytest.mark.parametrize("known", [ME, OWNER])
@pytest.mark.parametrize("told", [f"<acl>{ace('<href>/principals/alice/</href>', 'all')}</acl>"])
def test_the_account_is_known_as_principal_or_as_owner(
    known: str, told: str, scripted: Start, connect: Connect
) -> None:
    assert exposure(scripted, connect, known, told) == Exposure()
    assert exposure(scripted, connect, told) == Exposure(1, 1)


def test_an_owner_that_is_the_root_owns_nobody_else(scripted: Start, connect: Connect) -> None:
    assert exposure(scripted, connect, "<owner><href>/</href></owner>", f"<acl>{ace(EVE, 'read')}</acl>") == Exposure(1)


WITHHELD = (
    f"<response><href>{CALENDAR}</href><propstat><prop><acl/><invite/></prop>"
    "<status>HTTP/1.1 403 Forbidden</status></propstat></response>"
)


@pytest.mark.parametrize("responses", [(), (whole(CALENDAR, "403 Forbidden"),), (WITHHELD,)])
def test_p02_a_server_that_does_not_say_is_not_taken_for_nobody(
    responses: tuple[str, ...], scripted: Start, connect: Connect
) -> None:
    with pytest.raises(CoachsyncError) as refused:
        answered(scripted, connect, *responses)
    assert refused.value.code == "sharing-not-told"


def test_an_element_deep_inside_is_looked_at_only_so_far(scripted: Start, connect: Connect) -> None:
    deep = "<grant>" * 60 + "<read/>" + "</grant>" * 60
    assert exposure(scripted, connect, f"<acl><ace><principal>{BOB}</principal>{deep}</ace></acl>") == Exposure()


def sogo(*others: str) -> str:
    """The list that SOGo gives for every calendar: the owner, and everybody who is logged in."""
    owner = ace("<property><owner/></property>", "all", "i:viewwhole-public-records")
    return f'<acl xmlns:i="urn:inverse:params:xml:ns:inverse-dav">{owner}{"".join(others)}</acl>'


ALL = "<authenticated/>"
SOGO_LISTS = {
    "everybody may read, as always": ((ace(ALL, "read", "read-current-user-privilege-set"),), Exposure()),
    "everybody may see times": ((ace(ALL, "read", "i:viewdant-public-records"),), Exposure()),
    "everybody may see it": ((ace(ALL, "read", "i:viewwhole-public-records"),), Exposure(public=True)),
    "Bob may see it": ((ace(BOB, "read", "i:viewwhole-confidential-records"),), Exposure(people=1)),
    "Bob may change it": ((ace(BOB, "read", "write-content"),), Exposure(people=1, writers=1)),
    "Bob was taken out": ((ace(BOB),), Exposure()),
    "a public link": (
        (ace("<href>/SOGo/dav/anonymous/</href>", "read", "i:viewwhole-public-records"),),
        Exposure(public=True),
    ),
}


@pytest.mark.parametrize("case", SOGO_LISTS)
def test_sogo_lets_everybody_read_and_shows_what_its_own_privileges_allow(
    scripted: Start, connect: Connect, case: str
) -> None:
    others, expected = SOGO_LISTS[case]

    assert exposure(scripted, connect, ME, OWNER, sogo(*others)) == expected
