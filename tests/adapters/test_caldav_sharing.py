"""Who else can see a calendar, out of what servers tell: shapes as sabre/dav, Nextcloud, SOGo and Cyrus give them."""

from __future__ import annotations

import pytest

from coachsync.errors import CoachsyncError, Temporary
from coachsync.model import Grant, Grantee, Secrecy
from davscript import CALENDAR, Connect, Start, about, calendar_url, multistatus, whole
from servers import Reply

EVERYBODY, LINK = Grantee.EVERYBODY, Grantee.LINK
OC = 'xmlns:o="http://owncloud.org/ns"'
ME = "<current-user-principal><href>/principals/alice/</href></current-user-principal>"
OWNER = "<owner><href>/principals/alice</href></owner>"


def exposure(scripted: Start, connect: Connect, *properties: str) -> set[Grant]:
    return answered(scripted, connect, about(CALENDAR, *properties))


def answered(scripted: Start, connect: Connect, *responses: str) -> set[Grant]:
    server = scripted(lambda _: multistatus(*responses))
    found = connect(server.url).exposure(calendar_url(server))
    [request] = server.requests
    assert (request.method, request.headers["Depth"]) == ("PROPFIND", "0")
    assert len(set(found)) == len(found)
    return set(found)


def user(href: str, access: str = "read", answer: str = "invite-accepted", name: str = "Marguerite") -> str:
    """An invitation as Nextcloud and ownCloud tell it."""
    who = f"<href>{href}</href><o:common-name>{name}</o:common-name>"
    return f"<o:user>{who}<o:{answer}/><o:access><o:{access}/></o:access></o:user>"


def sharee(href: str, access: str = "read", answer: str = "invite-accepted", name: str = "M") -> str:
    """An invitation as sabre/dav and Cyrus tell it."""
    return (
        f"<sharee><href>{href}</href><prop><displayname>{name}</displayname></prop>"
        f"<share-access><{access}/></share-access><{answer}/></sharee>"
    )


def ace(principal: str, *privileges: str, kind: str = "grant") -> str:
    granted = "".join(f"<privilege><{name}/></privilege>" for name in privileges)
    return f"<ace><principal>{principal}</principal><{kind}>{granted}</{kind}></ace>"


BOB, EVE = "<href>/principals/bob/</href>", "<href>/principals/eve/</href>"

INVITATIONS = {
    "nobody": (f"<o:invite {OC}/>", set()),
    "Nextcloud, to read": (
        f"<o:invite {OC}>{user('principal:principals/users/bob')}</o:invite>",
        {Grant("Marguerite")},
    ),
    "Nextcloud, to write": (
        f"<o:invite {OC}>{user('mailto:b@x.example', 'read-write', name='Bob')}{user('mailto:e@x.example')}</o:invite>",
        {Grant("Bob", writes=True), Grant("Marguerite")},
    ),
    "Nextcloud, a group": (
        f"<o:invite {OC}>{user('principal:principals/groups/staff', name='')}</o:invite>",
        {Grant("staff", Grantee.GROUP)},
    ),
    "Nextcloud, not answered yet": (
        f"<o:invite {OC}>{user('principal:principals/users/bob', answer='invite-noresponse')}</o:invite>",
        {Grant("Marguerite")},
    ),
    "the organizer is no guest": (
        f"<o:invite {OC}><o:organizer><href>/principals/alice</href></o:organizer></o:invite>",
        set(),
    ),
    "calendarserver": (
        "<S:invite><S:user><href>mailto:Bob@x.example</href><S:access><S:read-write/></S:access></S:user></S:invite>",
        {Grant("bob@x.example", writes=True)},
    ),
    "sabre, with the owner among them": (
        f"<invite>{sharee('/principals/alice', 'shared-owner')}{sharee('mailto:bob@x.example', 'read-write')}</invite>",
        {Grant("M", writes=True)},
    ),
    "the account itself, invited": (f"<invite>{sharee('/principals/alice/', 'read-write')}</invite>", set()),
    "an administrator": (
        f"<o:invite {OC}>{user('mailto:bob@x.example', 'admin')}</o:invite>",
        {Grant("Marguerite", writes=True)},
    ),
    "deleted": (f"<invite>{sharee('mailto:b@x.example', answer='invite-deleted')}</invite>", set()),
    "invalid": (f"<invite>{sharee('mailto:b@x.example', answer='invite-invalid')}</invite>", set()),
    "no longer shared": (f"<invite>{sharee('mailto:b@x.example', 'not-shared')}</invite>", set()),
    "an href that cannot be read": (
        f"<invite>{sharee('http://[x', name='X')}{sharee('http://[y', name='Y')}</invite>",
        {Grant("X"), Grant("Y")},
    ),
    "declined": (f"<invite>{sharee('/principals/bob', answer='invite-declined')}</invite>", set()),
    "without access": (f"<invite>{sharee('/principals/bob', 'no-access')}</invite>", set()),
    "somebody without a name": (
        "<invite><sharee><share-access><read/></share-access></sharee></invite>",
        {Grant("?")},
    ),
    "told twice, one person": (
        f"<invite>{sharee('mailto:BOB@x.example')}</invite><o:invite {OC}>{user('mailto:bob@x.example')}</o:invite>",
        {Grant("M")},
    ),
    "of one name at two places, two people": (
        f"<invite>{sharee('mailto:bob@x.example', name='B')}{sharee('mailto:bob@y.example', name='Bo')}</invite>",
        {Grant("B"), Grant("Bo")},
    ),
}

LISTS = {
    "only the owner": ("<acl>" + ace("<property><owner/></property>", "all") + "</acl>", set()),
    "oneself": (f"<acl>{ace('<self/>', 'all')}</acl>", set()),
    "oneself and one's own delegates' groups": (
        "<acl>"
        + ace("<href>/principals/alice/</href>", "all")
        + ace("<href>/principals/alice/calendar-proxy-write/</href>", "read", "write")
        + "</acl>",
        set(),
    ),
    "another one, to read": (f"<acl>{ace(BOB, 'read')}</acl>", {Grant("bob")}),
    "others, one to write": (
        f"<acl>{ace(BOB, 'read')}{ace(EVE, 'read', 'write')}</acl>",
        {Grant("bob"), Grant("eve", writes=True)},
    ),
    "one privilege in each entry, as sabre gives them": (
        f"<acl>{ace(BOB, 'C:read-free-busy')}{ace(BOB, 'read')}{ace(BOB, 'write')}</acl>",
        {Grant("bob", writes=True)},
    ),
    "another one, by URL, as DAViCal gives all": (
        f"<acl>{ace('<href>https://dav.example/principals/b%20o/</href>', 'all')}</acl>",
        {Grant("b o", writes=True, unlimited=True)},
    ),
    "somebody whose name begins like one's own": (
        f"<acl>{ace('<href>/principals/alice2/</href>', 'read')}</acl>",
        {Grant("alice2")},
    ),
    "the delegates of somebody else": (
        f"<acl>{ace('<href>/principals/bob/calendar-proxy-read/</href>', 'read')}</acl>",
        {Grant("calendar-proxy-read", Grantee.GROUP)},
    ),
    "one who may only write": (f"<acl>{ace(BOB, 'write-content')}</acl>", {Grant("bob", reads=False, writes=True)}),
    "one who may only add": (f"<acl>{ace(BOB, 'bind')}</acl>", {Grant("bob", reads=False, writes=True)}),
    "all but one": (f"<acl>{ace(BOB, 'read').replace('principal>', 'invert>')}</acl>", {Grant("", EVERYBODY)}),
    "without a login": ("<acl>" + ace("<unauthenticated/>", "read") + "</acl>", {Grant("", EVERYBODY)}),
    "denied": (f"<acl>{ace(BOB, 'read', kind='deny')}</acl>", set()),
    "times only": (
        "<acl>" + ace("<authenticated/>", "C:read-free-busy") + "</acl>",
        {Grant("authenticated", EVERYBODY, reads=False, times_only=True)},
    ),
    "everybody with a login": (
        "<acl>" + ace("<authenticated/>", "read") + "</acl>",
        {Grant("authenticated", EVERYBODY)},
    ),
    "everybody": ("<acl>" + ace("<all/>", "read") + "</acl>", {Grant("", EVERYBODY)}),
    "a public principal": (
        f"<acl>{ace('<href>/dav/principals/system/public/</href>', 'read')}</acl>",
        {Grant("", LINK)},
    ),
}

TOLD_IN_BOTH = {
    "Cyrus": (
        f"<invite>{sharee('mailto:bob@internal', name='')}</invite><acl>{ace(BOB, 'read', 'write-properties')}</acl>",
        {Grant("bob@internal")},
    ),
    "Nextcloud": (
        (
            f"<o:invite {OC}>{user('principal:principals/users/bob')}</o:invite>"
            f"<acl>{ace('<href>/remote.php/dav/principals/users/bob/</href>', 'read')}{ace(EVE, 'read', 'write')}</acl>"
        ),
        {Grant("Marguerite"), Grant("eve", writes=True)},
    ),
    "a group that is called as a person is": (
        f"<o:invite {OC}>{user('principal:principals/groups/bob', name='')}</o:invite><acl>{ace(BOB, 'read')}</acl>",
        {Grant("bob", Grantee.GROUP), Grant("bob")},
    ),
    "a public link and its principal": (
        (
            "<S:publish-url><href>https://x.example/abc</href></S:publish-url>"
            f"<acl>{ace('<href>/dav/principals/system/public/</href>', 'read')}</acl>"
        ),
        {Grant("", LINK)},
    ),
}


@pytest.mark.parametrize("case", INVITATIONS)
def test_invitations_tell_people_and_who_may_write(case: str, scripted: Start, connect: Connect) -> None:
    told, expected = INVITATIONS[case]
    assert exposure(scripted, connect, ME, OWNER, told) == expected


@pytest.mark.parametrize("case", LISTS)
def test_access_control_lists_tell_everybody_but_oneself(case: str, scripted: Start, connect: Connect) -> None:
    told, expected = LISTS[case]
    assert exposure(scripted, connect, ME, OWNER, told) == expected


@pytest.mark.parametrize("case", TOLD_IN_BOTH)
def test_whoever_is_told_of_in_two_places_is_one(case: str, scripted: Start, connect: Connect) -> None:
    told, expected = TOLD_IN_BOTH[case]
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
    assert exposure(scripted, connect, ME, link) == ({Grant("", LINK)} if public else set())


def test_a_server_that_tells_nothing_shows_nobody(scripted: Start, connect: Connect) -> None:
    assert exposure(scripted, connect) == set()


@pytest.mark.parametrize("known", [ME, OWNER])
@pytest.mark.parametrize("told", [f"<acl>{ace('<href>/principals/alice/</href>', 'all')}</acl>"])
def test_the_account_is_known_as_principal_or_as_owner(
    known: str, told: str, scripted: Start, connect: Connect
) -> None:
    assert exposure(scripted, connect, known, told) == set()
    assert exposure(scripted, connect, told) == {Grant("alice", writes=True, unlimited=True)}


def test_an_owner_that_is_the_root_owns_nobody_else(scripted: Start, connect: Connect) -> None:
    assert exposure(scripted, connect, "<owner><href>/</href></owner>", f"<acl>{ace(EVE, 'read')}</acl>") == {
        Grant("eve")
    }


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
    assert exposure(scripted, connect, f"<acl><ace><principal>{BOB}</principal>{deep}</ace></acl>") == set()


def sogo(*others: str) -> str:
    """The list that SOGo gives for every calendar: the owner, and everybody who is logged in."""
    owner = ace("<property><owner/></property>", "all", "i:viewwhole-public-records")
    return f'<acl xmlns:i="urn:inverse:params:xml:ns:inverse-dav">{owner}{"".join(others)}</acl>'


ALL, GROUP = "<authenticated/>", "<href>/SOGo/dav/@staff/</href>"
PUBLIC, CONFIDENTIAL = frozenset({Secrecy.PUBLIC}), frozenset({Secrecy.CONFIDENTIAL})
NONE = frozenset[Secrecy]()
SOGO_LISTS = {
    "everybody may read, as always": ((ace(ALL, "read", "read-current-user-privilege-set"),), set()),
    "everybody may see times": (
        (ace(ALL, "read", "i:viewdant-public-records"),),
        {Grant("authenticated", EVERYBODY, reads=False, times_only=True, whole=NONE, times=PUBLIC)},
    ),
    "everybody may see it": (
        (ace(ALL, "read", "i:viewwhole-public-records"),),
        {Grant("authenticated", EVERYBODY, whole=PUBLIC)},
    ),
    "Bob may see some of it, and times": (
        (ace(BOB, "read", "C:read-free-busy", "i:viewwhole-public-records", "i:viewdant-confidential-records"),),
        {Grant("bob", whole=PUBLIC, times=CONFIDENTIAL)},
    ),
    "Bob may change what he sees": (
        (ace(BOB, "read", "i:viewwhole-confidential-records", "i:modify-confidential-records"),),
        {Grant("bob", writes=True, whole=CONFIDENTIAL)},
    ),
    "Bob may only add": (
        (ace(BOB, "read", "bind", "write-content"),),
        {Grant("bob", reads=False, writes=True, whole=NONE)},
    ),
    "Bob was taken out": ((ace(BOB, "read"),), set()),
    "a group": ((ace(GROUP, "read", "i:viewwhole-public-records"),), {Grant("@staff", Grantee.GROUP, whole=PUBLIC)}),
    "a public link": (
        (ace("<href>/SOGo/dav/anonymous/</href>", "read", "i:viewwhole-public-records"),),
        {Grant("", LINK, whole=PUBLIC)},
    ),
}


@pytest.mark.parametrize("case", SOGO_LISTS)
def test_sogo_lets_everybody_read_and_shows_what_its_own_privileges_allow(
    scripted: Start, connect: Connect, case: str
) -> None:
    others, expected = SOGO_LISTS[case]

    assert exposure(scripted, connect, ME, OWNER, sogo(*others)) == expected


# ------------------------------------------------------------------------------------- delegates of the whole account

PRINCIPAL = "/principals/alice/"


def members(*hrefs: str) -> Reply:
    listed = "".join(f"<href>{href}</href>" for href in hrefs)
    return multistatus(about(PRINCIPAL, f"<group-member-set>{listed}</group-member-set>"))


def delegates(scripted: Start, connect: Connect, read: Reply, write: Reply) -> set[Grant]:
    server = scripted(lambda request: write if request.path.endswith("-write/") else read)
    found = connect(server.url).delegates(f"{server.url}principals/alice/")
    assert [request.path for request in server.requests] == [f"{PRINCIPAL}calendar-proxy-{how}/" for how in READ_WRITE]
    assert {(request.method, request.headers["Depth"]) for request in server.requests} == {("PROPFIND", "0")}
    return set(found)


READ_WRITE = ("read", "write")


def test_the_members_of_both_groups_are_delegates(scripted: Start, connect: Connect) -> None:
    found = delegates(
        scripted, connect, members("/principals/bob", "/principals/eve/"), members("/principals/bob/", PRINCIPAL)
    )
    assert found == {Grant("bob", Grantee.DELEGATE, writes=True), Grant("eve", Grantee.DELEGATE)}


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404, b""),
        Reply(403, b""),
        Reply(405, b""),
        Reply(501, b""),
        Reply(200, b"<html>no such page</html>"),
        multistatus(whole(PRINCIPAL, "404 Not Found")),
        multistatus(about(PRINCIPAL)),
        multistatus(),
        members(),
    ],
)
def test_a_server_without_such_groups_has_no_delegates(reply: Reply, scripted: Start, connect: Connect) -> None:
    assert delegates(scripted, connect, reply, reply) == set()


def test_p02_a_server_that_fails_to_tell_delegates_is_not_taken_for_none(scripted: Start, connect: Connect) -> None:
    server = scripted(lambda _: Reply(500, b""))
    with pytest.raises(Temporary):
        connect(server.url).delegates(f"{server.url}principals/alice/")
