"""Sessions that the database knows, so that any of them can be ended at once.

The cookie and the bearer token carry a secret; the table has only its hash. Limits are those of docs/clinic.md, for
shared machines: 12 h at most; what staff have left for 15 min is locked (locking.py), what patients have left for
30 min ends. Streams and polls are not activity. A token that was given a name lives until nobody has used it for
30 days; without one, 12 h. One that is half signed in lives for 10 minutes and is never made whole: another takes its
place (second_factors.py).
"""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any, Literal

from fadjma.i18n import iso
from fadjma.identity import proxies
from fadjma.identity.locking import LOCKED, untouched_since
from fadjma.identity.people import By, Viewer, full_name
from fadjma.identity.second_factors import Half
from fadjma.store import Page, Transaction, paging

EndReason = Literal["signed_out", "expired", "deactivated", "renewed"]
CloseReason = EndReason | Literal["locked", "changed", "withdrawn"]
MINUTE = 60_000
LIFETIME = 12 * 60 * MINUTE
HALF = 10 * MINUTE
ENROLLING = 30 * MINUTE  # that half a session waits while its person sets up a second factor: time to fetch a telephone
JUST_LEFT = 10_000  # milliseconds in which other pages of a browser hear that somebody has signed out there
UNUSED = 30 * 24 * 60 * MINUTE  # that a named token lives without being used
PER_PAGE = 50
_ADDRESS = 64  # characters kept of an address
TOUCH_AFTER = MINUTE  # activity is written down at most this often
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
# In SQL because it decides inside every query that asks who somebody is. A token is used by programs: it has no idle
# time.
_ALIVE = """
    s.ended_at IS NULL AND s.expires_at > :now AND u.status = 'active'
    AND (s.kind = 'token' OR u.role <> 'patient' OR s.last_active_at > :now - 1800000)
"""


@dataclass(frozen=True, slots=True)
class SessionsEnded:
    """Announced after the commit: the hub closes the streams of these sessions, which have ended, are locked, or act
    for somebody else from now on."""

    session_ids: tuple[str, ...]
    reason: CloseReason


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One of a person's own sessions, for the list."""

    id: str
    kind: str
    name: str  # of a program, if it was given one
    created_at: int
    last_active_at: int
    address: str
    agent: str
    current: bool

    @property
    def device(self) -> str:
        return device_of(self.agent)

    def json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.name or None,
            "created_at": iso(self.created_at),
            "last_active_at": iso(self.last_active_at),
            "agent": self.agent,
            "current": self.current,
        }


def device_of(agent: str) -> str:
    """« Chrome, Android »: what the user agent says, in two words that people know."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), agent[:30])
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return ", ".join(filter(None, (browser, system)))


def id_of(secret: str) -> str:
    """The id under which the session of this secret is stored."""
    return urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()[:18]).decode()


def start(
    tx: Transaction,
    user_id: str,
    *,
    kind: Literal["browser", "token"],
    address: str,
    agent: str,
    name: str = "",
    proxy_id: str | None = None,
    half: Half = "",
) -> str:
    """Open a session, which acts by a proxy if one is given, and waits for `half` if anything; returns its
    secret, which is stored nowhere.
    """
    secret = secrets.token_urlsafe(24)
    tx.execute(
        "INSERT INTO sessions (id, user_id, kind, name, half, created_at, last_active_at, expires_at, address, agent, "
        "proxy_id) VALUES (:id, :user_id, :kind, :name, :half, :now, :now, :expires_at, :address, :agent, :proxy_id)",
        {
            "id": id_of(secret),
            "user_id": user_id,
            "kind": kind,
            "now": tx.now,
            "name": name,
            "half": half,
            "expires_at": tx.now + ({"factor": HALF, "enrolment": ENROLLING}.get(half) or lifetime(name)),
            "address": address[:_ADDRESS],
            "agent": agent[:200],
            "proxy_id": proxy_id,
        },
    )
    if not half:
        tx.execute("UPDATE users SET signed_in_at = :now WHERE id = :id", {"now": tx.now, "id": user_id})
    return secret


def lifetime(name: str) -> int:
    """How long a session of this name ("": none) lives, in milliseconds; a named one from its last use."""
    return UNUSED if name else LIFETIME


def viewer(tx: Transaction, secret: str | None) -> Viewer | None:
    """The active person whose live session this is, or for whom it acts; or None. It may be locked, or half: then
    they see nothing.

    A browser goes back to its own person when it may not act for the other any more; a program would not notice, so
    that its token opens nothing.
    """
    row = secret and tx.first(
        f"""
        SELECT u.id, u.role, u.given_name, u.family_name, u.language, p.organization_id, o.name AS organization,
               s.id AS session_id, s.last_active_at, t.sex, p.profession, {LOCKED} AS locked, s.half,
               s.proxy_id, s.kind
        FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN patients t ON t.user_id = u.id
        LEFT JOIN practitioners p ON p.user_id = u.id LEFT JOIN organizations o ON o.id = p.organization_id
        WHERE s.id = :id AND {_ALIVE}
        """,
        {"id": id_of(secret), "now": tx.now, "untouched_since": untouched_since(tx)},
    )
    if not row:
        return None
    known = {**row.as_dict(), "locked": bool(row["locked"])}
    proxy_id, kind = known.pop("proxy_id"), known.pop("kind")
    if proxy_id is None:
        return Viewer(**known)
    other = _acted_for(tx, proxy_id)
    if other is None:
        return None if kind == "token" else Viewer(**known)
    return Viewer(**{**known, **other, "by": By(row["id"], full_name(row["given_name"], row["family_name"]))})


def left_by(tx: Transaction, secret: str | None) -> str | None:
    """Whose session it was that time has ended, within a day, or its person just now: what they typed is still theirs.

    None where its person had ended it before, or an admin.
    """
    row = secret and tx.first(
        "SELECT s.user_id FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = :id AND u.status = 'active' "
        "AND s.kind = 'browser' AND s.half = '' AND s.created_at > :since "
        "AND (s.ended_at IS NULL OR s.end_reason = 'expired' OR (s.end_reason = 'signed_out' AND s.ended_at > :left))",
        {"id": id_of(secret), "since": tx.now - 2 * LIFETIME, "left": tx.now - JUST_LEFT},
    )
    return row["user_id"] if row else None


def _acted_for(tx: Transaction, proxy_id: str) -> dict[str, Any] | None:
    """The patient for whom this lets somebody act, while it does."""
    row = tx.first(
        "SELECT u.id, u.given_name, u.family_name, t.sex FROM proxies x JOIN users u ON u.id = x.patient_id "
        f"JOIN patients t ON t.user_id = u.id WHERE x.id = :id AND {proxies.RUNS}",
        {**proxies.values(tx), "id": proxy_id},
    )
    return row.as_dict() if row else None


def act_for(tx: Transaction, viewer: Viewer, proxy_id: str | None) -> None:
    """From now on this session acts by this proxy, or for its own person. Its streams close after the commit."""
    tx.execute("UPDATE sessions SET proxy_id = :proxy WHERE id = :id", {"proxy": proxy_id, "id": viewer.session_id})
    tx.announce(SessionsEnded((viewer.session_id,), "changed"))


def stop_acting(tx: Transaction, proxy_id: str) -> None:
    """What acts by this proxy does so no more: browsers go back to their own person, tokens end."""
    rows = tx.all(
        "UPDATE sessions SET ended_at = CASE WHEN kind = 'token' THEN :now END, "
        "end_reason = CASE WHEN kind = 'token' THEN 'expired' END, "
        "proxy_id = CASE WHEN kind = 'token' THEN proxy_id END "
        "WHERE proxy_id = :proxy AND ended_at IS NULL RETURNING id",
        {"now": tx.now, "proxy": proxy_id},
    )
    if rows:
        tx.announce(SessionsEnded(tuple(row["id"] for row in rows), "withdrawn"))


def whose(tx: Transaction, session_ids: list[str]) -> dict[str, str]:
    """For whom each of these sessions acts that acts for somebody else now. The hub asks about its open streams."""
    found: dict[str, str] = {}
    for start_at in range(0, len(session_ids), 500):
        names = {f"s{i}": session_id for i, session_id in enumerate(session_ids[start_at : start_at + 500])}
        rows = tx.all(
            "SELECT s.id, x.patient_id FROM sessions s JOIN proxies x ON x.id = s.proxy_id "
            f"WHERE s.id IN ({', '.join(f':{name}' for name in names)}) AND {proxies.RUNS}",
            {**names, **proxies.values(tx)},
        )
        found.update((row["id"], row["patient_id"]) for row in rows)
    return found


def is_worth_noting(viewer: Viewer, now: int) -> bool:
    """Whether the person's activity was written down too long ago, or by a clock that ran ahead.

    Whatever is done with a locked session is not activity, which would unlock it.
    """
    return not viewer.locked and abs(now - viewer.last_active_at) > TOUCH_AFTER


def note_activity(tx: Transaction, viewer: Viewer) -> None:
    """Write down that the person is active, at most once a minute: each row written makes a commit longer."""
    if is_worth_noting(viewer, tx.now):
        tx.execute(
            "UPDATE sessions SET last_active_at = :now, "
            "expires_at = CASE WHEN name <> '' THEN :unused ELSE expires_at END WHERE id = :id AND ended_at IS NULL",
            {"now": tx.now, "unused": tx.now + UNUSED, "id": viewer.session_id},
        )


def bring_back(tx: Transaction, limit: int) -> int:
    """The clock ran ahead and was put right: sessions go on from now, and end as if begun now. Returns how many."""
    return tx.execute(
        """
        UPDATE sessions SET
            last_active_at = CASE WHEN last_active_at > :now THEN :now ELSE last_active_at END,
            expires_at = CASE WHEN name <> '' THEN :unused WHEN expires_at > :latest THEN :latest ELSE expires_at END
        WHERE id IN (
            SELECT id FROM sessions WHERE ended_at IS NULL
            AND (last_active_at > :now OR expires_at > CASE WHEN name <> '' THEN :unused ELSE :latest END) LIMIT :limit)
        """,
        {"now": tx.now, "latest": tx.now + LIFETIME, "unused": tx.now + UNUSED, "limit": limit},
    )


def of(tx: Transaction, person: Viewer, before: str | None = None) -> Page[OpenSession]:
    """A person's own live sessions, the latest opened first: that does not change while somebody turns the pages.

    `before` is the `next` of the page before.
    """
    person.require_self()
    before_at, before_id = paging.position(before)
    # Each by its index: of those without a name, what is older than a lifetime is over, also where nobody has ended it.
    alive = f"SELECT s.created_at, s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE {_ALIVE} "
    own = "AND s.user_id = :user_id AND s.ended_at IS NULL AND s.half = '' "
    parts = [f"{alive}{own}AND s.name = '' AND s.created_at > :since", f"{alive}{own}AND s.name <> ''"]
    rows = tx.all(
        f"""
        SELECT s.id, s.kind, s.name, s.created_at, s.last_active_at, s.address, s.agent, s.id = :current AS current
        FROM sessions s WHERE s.id IN ({paging.newest(parts, "s.created_at", "s.id")})
        ORDER BY s.created_at DESC, s.id DESC
        """,
        {
            "user_id": person.id,
            "current": person.session_id,
            "now": tx.now,
            "since": tx.now - LIFETIME,
            "before_at": before_at,
            "before_id": before_id,
            "limit": PER_PAGE + 1,
        },
    )
    found = [OpenSession(**{**row.as_dict(), "current": bool(row["current"])}) for row in rows]
    return paging.page(found, PER_PAGE, lambda session: paging.cursor(session.created_at, session.id))


def end(
    tx: Transaction, user_id: str, *, reason: EndReason, session_id: str | None = None, but: str | None = None
) -> int:
    """End one session of a user, or all of them `but` one; returns how many. Their streams close after the commit."""
    ended = tx.all(
        "UPDATE sessions SET ended_at = :now, end_reason = :reason "
        "WHERE user_id = :user_id AND ended_at IS NULL AND (CAST(:id AS TEXT) IS NULL OR id = :id) "
        "AND (CAST(:but AS TEXT) IS NULL OR id <> :but) "
        "RETURNING id",
        {"now": tx.now, "reason": reason, "user_id": user_id, "id": session_id, "but": but},
    )
    if ended:
        tx.announce(SessionsEnded(tuple(row["id"] for row in ended), reason))
    return len(ended)


def end_halves(tx: Transaction, user_id: str, *, but: str) -> None:
    """End what waits behind the password alone: somebody who had only that must not be led in by a new factor."""
    tx.execute(
        "UPDATE sessions SET ended_at = :now, end_reason = 'signed_out' "
        "WHERE user_id = :id AND half <> '' AND id <> :but AND ended_at IS NULL",
        {"now": tx.now, "id": user_id, "but": but},
    )


def lock(tx: Transaction, viewer: Viewer) -> None:
    """Lock the screen that asks; of a program, which has none, nothing changes. Its streams close after the commit."""
    sql = "UPDATE sessions SET locked_at = :now WHERE id = :id AND kind = 'browser' AND ended_at IS NULL"
    if tx.execute(sql, {"now": tx.now, "id": viewer.session_id}):
        tx.announce(SessionsEnded((viewer.session_id,), "locked"))


def lock_idle(tx: Transaction, limit: int) -> int:
    """Lock for good the screens that nobody has touched for the clinic's minutes; returns how many.

    From then on only their person opens them, whatever the clock, or an admin who allows more minutes, makes of it.
    """
    found = tx.all(
        """
        UPDATE sessions SET locked_at = :now WHERE id IN (
            SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id
            WHERE s.kind = 'browser' AND s.ended_at IS NULL AND s.locked_at IS NULL AND s.half = ''
            AND u.role <> 'patient' AND s.last_active_at > :since AND s.last_active_at <= :untouched_since LIMIT :limit)
        RETURNING id
        """,
        {"now": tx.now, "since": tx.now - LIFETIME, "untouched_since": untouched_since(tx), "limit": limit},
    )
    if found:
        tx.announce(SessionsEnded(tuple(row["id"] for row in found), "locked"))
    return len(found)


def keep_locked(tx: Transaction, viewer: Viewer) -> None:
    """Somebody has asked for something behind a lock: from now on it is locked for good."""
    tx.execute(
        "UPDATE sessions SET locked_at = :now "
        "WHERE id = :id AND locked_at IS NULL AND ended_at IS NULL AND last_active_at <= :untouched_since",
        {"now": tx.now, "id": viewer.session_id, "untouched_since": untouched_since(tx)},
    )


def unlock(tx: Transaction, viewer: Viewer) -> None:
    """Whoever stands there has shown who they are."""
    sql = "UPDATE sessions SET locked_at = NULL, last_active_at = :now WHERE id = :id AND ended_at IS NULL"
    tx.execute(sql, {"now": tx.now, "id": viewer.session_id})


def have_been_at(tx: Transaction, user_ids: list[str], address: str) -> set[str]:
    """Which of these (few) people have signed in from this address before."""
    found = {user_id: {"user": user_id, "address": address[:_ADDRESS]} for user_id in user_ids}
    sql = "SELECT 1 FROM sessions WHERE user_id = :user AND address = :address LIMIT 1"
    return {user_id for user_id, parameters in found.items() if tx.value(sql, parameters)}


def staff_has_been_at(tx: Transaction, address: str) -> bool:
    """Whether this is an address where active staff has signed in within a month: a clinic's or a pharmacy's own."""
    sql = (
        "SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id "
        "WHERE s.address = :address AND s.created_at > :since AND s.half = '' "
        "AND u.role <> 'patient' AND u.status = 'active' LIMIT 1"
    )
    return bool(tx.value(sql, {"address": address[:_ADDRESS], "since": tx.now - 30 * 24 * 60 * MINUTE}))


def belongs(tx: Transaction, user_id: str, session_id: str) -> bool:
    """Whether this is, or was, a session of this user."""
    parameters = {"id": session_id, "user_id": user_id}
    return bool(tx.value("SELECT 1 FROM sessions WHERE id = :id AND user_id = :user_id", parameters))


def ended_among(tx: Transaction, session_ids: list[str]) -> dict[str, CloseReason]:
    """Which of these sessions are over, or locked, by now, and why. The hub asks about its open streams.

    Source: docs/decisions/11-rights-when-used.md.
    """
    found: dict[str, CloseReason] = {}
    for start_at in range(0, len(session_ids), 500):
        chunk = session_ids[start_at : start_at + 500]
        names = {f"s{i}": session_id for i, session_id in enumerate(chunk)}
        rows = tx.all(
            f"""
            SELECT s.id, CASE WHEN s.end_reason IS NOT NULL THEN s.end_reason
                              WHEN u.status <> 'active' THEN 'deactivated'
                              WHEN {_ALIVE} THEN 'locked' ELSE 'expired' END AS reason
            FROM sessions s JOIN users u ON u.id = s.user_id
            WHERE s.id IN ({", ".join(f":{name}" for name in names)}) AND (NOT ({_ALIVE}) OR {LOCKED})
            """,
            {**names, "now": tx.now, "untouched_since": untouched_since(tx)},
        )
        found.update((row["id"], row["reason"]) for row in rows)
    return found
