"""Who asks, and one transaction: `see` reads, `act` changes.

A route calls `see(query, …)` or `act(action, …)` once. Both find out who is asking inside the same transaction as the
reading or the change, so that a right which has just ended is never used.
"""

import hashlib
import hmac
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast

from quart import g

from fadjma.events import inbox, subjects
from fadjma.i18n import N_
from fadjma.identity import proxies, sessions
from fadjma.identity.people import OtherPerson, Role, Viewer
from fadjma.identity.second_factors import Half
from fadjma.refusals import EnrolmentNeeded, FactorNeeded, Invalid, Locked, SignInNeeded
from fadjma.store import Transaction, tried_to_write
from fadjma.web import drafts, idempotency
from fadjma.web.bounds import READ_PER_PERSON, Bound, Bounds
from fadjma.web.forms import LEGIBLE
from fadjma.web.request import (
    app,
    asked,
    body,
    by_itself,
    database,
    fields,
    header,
    is_bearer,
    key_for,
    known,
    secret,
    signed_in,
    wants,
)
from fadjma.writing import LOST

P = ParamSpec("P")

R = TypeVar("R")


class Resource(Protocol):
    """What the domains show: something with an id that knows its JSON form."""

    @property
    def id(self) -> str: ...

    def json(self, language: str) -> dict[str, Any]: ...


T = TypeVar("T", bound=Resource)


@dataclass(frozen=True, slots=True)
class Acted(Generic[T]):
    """What came of an act: the resource as it is now, and the JSON answer (the first one's, if it was sent twice)."""

    resource: T
    json: dict[str, Any]
    again: bool = False  # it was sent twice: nothing was done now


async def see(query: Callable[Concatenate[Transaction, Viewer, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call `query(tx, viewer, …)` on one snapshot, for the person who asks.

    The page is stamped with that person's cursor in the same snapshot: nothing falls between the page and its stream.
    Raises SignInNeeded when nobody is signed in.
    """
    asking = _Asking()
    opened = _opened()

    def run(tx: Transaction) -> R:
        viewer = asking.identify(tx)
        asking.look_for_news(tx, opened)
        asking.hear_news()
        return query(tx, viewer, *args, **kwargs)

    try:
        result = await database().read(run)
    finally:
        await _note_reading(asking)
        asking.remember()
    await _note_activity(asking)
    return result


async def only(role: Role) -> None:
    """Who asks is of this role. Raises Forbidden, SignInNeeded."""
    await see(lambda tx, viewer: viewer.require(role))


async def act(
    action: Callable[Concatenate[Transaction, Viewer, P], str],
    show: Callable[[Transaction, Viewer, str], T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Acted[T]:
    """Call `action(tx, viewer, …)`, which returns the id of what it changed, and `show(tx, viewer, id)`, in one go.

    With an idempotency key (`Idempotency-Key` header, or the form's `key` field), a second submission changes nothing
    and gets the first one's answer; the key of another request is refused (422).
    """
    key, fingerprint = await _idempotency()
    asking = _Asking()
    acted_on = _acted_on()
    bounds, counted = _bounds(), g.get("counted", ())
    typed_at = None if is_bearer() else drafts.place_of(asked().path, await fields())

    def run(tx: Transaction) -> Acted[T]:
        viewer = asking.identify(tx)
        if not tx.again:
            bounds.act(viewer.own_id)
            for bound, about in counted:
                bounds.count(bound, f"{viewer.own_id} {about}")
        asking.look_for_news(tx, acted_on)  # before the act: what it brings is news
        stored = idempotency.first_answer(tx, viewer, key, fingerprint) if key else None
        resource = show(tx, viewer, stored["id"] if stored else action(tx, viewer, *args, **kwargs))
        asking.hear_news()
        asking.read_news(tx)
        answer = stored or resource.json(viewer.language)
        if key and not stored:
            idempotency.keep_answer(tx, viewer, key, fingerprint, answer)
        if typed_at:
            drafts.drop(tx, drafts.writer(viewer), typed_at)
        sessions.note_activity(tx, viewer)
        return Acted(resource, answer, stored is not None)

    try:
        return await database().write(run)
    finally:
        asking.remember()


async def see_traced(
    query: Callable[Concatenate[Transaction, Viewer, P], R], /, *args: P.args, **kwargs: P.kwargs
) -> R:
    """Like `see`, for a reading that may be written down: what it shows and its trace are one transaction.

    Most are not: what is one's own, what was read a moment ago. Those are shown whether or not anything can be written.
    """
    try:
        return await see(query, *args, **kwargs)
    except Exception as error:
        if not tried_to_write(error):
            raise
    asking, person, bounds = _Asking(), not by_itself(), _bounds()

    def run(tx: Transaction) -> R:
        viewer = asking.identify(tx)
        if not tx.again:
            bounds.count(READ_PER_PERSON, viewer.own_id)
        if person:
            sessions.note_activity(tx, viewer)
        result = query(tx, viewer, *args, **kwargs)
        asking.look_at_mail(tx)  # again, after the query: its own event is not news to this page
        return result

    try:
        return await database().write(run)
    finally:
        asking.remember()


async def watch(query: Callable[Concatenate[Transaction, Viewer, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Like `see`, for what a page asks by itself: it is not activity and keeps no session alive."""
    asking = _Asking()
    return await database().read(lambda tx: query(tx, asking.identify(tx), *args, **kwargs))


async def change(action: Callable[Concatenate[Transaction, Viewer, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call `action(tx, viewer, …)`, harmless whenever it is repeated and with nothing to show: no idempotency key.

    It is an act, unless it is counted as something else (`count`).
    """
    bounds, counted = _bounds(), g.get("counted", ())

    def run(tx: Transaction, viewer: Viewer) -> R:
        if not (tx.again or counted):
            bounds.act(viewer.own_id)
        for bound, about in () if tx.again else counted:
            bounds.count(bound, f"{viewer.own_id} {about}")
        return action(tx, viewer, *args, **kwargs)

    return await leave(run)


async def once(action: Callable[[Transaction, Viewer], object], /) -> None:
    """Like `change`, for an act with nothing to show: once for each idempotency key, whatever has happened since."""
    key, fingerprint = await _idempotency()

    def run(tx: Transaction, viewer: Viewer) -> None:
        if key and idempotency.first_answer(tx, viewer, key, fingerprint) is not None:
            return
        action(tx, viewer)
        if key:
            idempotency.keep_answer(tx, viewer, key, fingerprint, {})

    await change(run)


async def leave(action: Callable[Concatenate[Transaction, Viewer, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Like `change`, for signing out, ending sessions and locking: nobody has done too much to be let go."""
    asking = _Asking()

    def run(tx: Transaction) -> R:
        return action(tx, asking.identify(tx), *args, **kwargs)

    try:
        return await database().write(run)
    finally:
        asking.remember()


async def attempt(
    action: Callable[Concatenate[Transaction, Viewer, P], dict[str, Any]], /, *args: P.args, **kwargs: P.kwargs
) -> dict[str, Any]:
    """Call `action(tx, viewer, …)`, which counts something before the act itself; once for each idempotency key.

    That something was right ({"right": True}) is not kept: it was so at that moment, and kept it would let a guess
    that was sent before there was anything to guess go by uncounted later. Once the act itself is done it was right:
    the same submission again is no guess, though the act may have changed what is (another code for the rest).
    """
    key, fingerprint = await _idempotency()

    def once(tx: Transaction, viewer: Viewer) -> dict[str, Any]:
        own_key = key + idempotency.ATTEMPT
        stored = idempotency.first_answer(tx, viewer, own_key, fingerprint) if key else None
        if key and not stored and idempotency.first_answer(tx, viewer, key, fingerprint):
            return {"right": True}
        answer = stored or action(tx, viewer, *args, **kwargs)
        if key and not stored and not answer.get("right"):
            idempotency.keep_answer(tx, viewer, own_key, fingerprint, answer)
        return answer

    return await change(once)


async def attempted() -> bool:
    """Whether `attempt` has taken this very submission before: then nothing of it need be checked again."""
    key, fingerprint = await _idempotency()

    def look(tx: Transaction, viewer: Viewer) -> bool:
        return bool(key and idempotency.first_answer(tx, viewer, key + idempotency.ATTEMPT, fingerprint))

    return await see(look)


async def submission() -> str | None:
    """A keyed hash of the idempotency key and everything sent with it; None without a key. For who is not signed in."""
    key, fingerprint = await _idempotency()
    return hashlib.sha256(f"{key}:{fingerprint}".encode()).hexdigest() if key else None


def count(bound: Bound, about: str = "") -> None:
    """Let the act of this request count as one of these, by whoever asks, about the same."""
    g.counted = (*g.get("counted", ()), (bound, about))


def even_locked() -> None:
    """Let a locked session do what this request asks for: it shows nothing of anybody."""
    g.even_locked = True


def whoever_it_is_for() -> None:
    """Let this request be for whom its session acts now, whatever its page says: it changes just that."""
    g.whoever = True


def even_half(*waiting_for: Half) -> None:
    """Let a session that waits for these do what this request asks for: it makes it whole, or is the way out."""
    g.even_half = waiting_for


def _bounds() -> Bounds:
    return cast(Bounds, app().extensions["bounds"])


async def who_asks() -> None:
    """Find out who asks, if anybody, for an answer in their language."""
    if not signed_in():
        return
    asking = _Asking()
    with suppress(SignInNeeded, Locked, FactorNeeded):
        await database().read(asking.identify)
    asking.remember()


class _Asking:
    """Who asks; filled in on the database's thread, and remembered in `g` back on the event loop.

    Raises SignInNeeded for who carries no session: no stranger comes as far as the database, which has one writer.
    """

    def __init__(self) -> None:
        so_far = known()
        self.secret = secret()
        if self.secret is None:
            raise SignInNeeded(N_("Connectez-vous pour continuer."))
        self._for_page = wants() == "page"
        self._even_locked = "even_locked" in so_far
        said = header("x-for") or so_far.get("fields", {}).get("for", "")
        self._meant_for = "" if "whoever" in so_far else said  # whose the page is that sends it
        self._even_half: tuple[str, ...] = so_far.get("even_half", ())
        self.viewer: Viewer | None = None
        self.mail: inbox.State | None = None
        self.several = False  # whether this person may act for others
        self.news: list[tuple[str, str | None, int]] = []  # that is read now: kind, id, up to where
        self._looked: list[tuple[str, str | None, Callable[[], int | None]]] = []

    def identify(self, tx: Transaction) -> Viewer:
        self.viewer = sessions.viewer(tx, self.secret)
        self.news = []
        self.look_at_mail(tx)
        if self.viewer is None:
            raise SignInNeeded(N_("Votre session a pris fin : reconnectez-vous."))
        if self.viewer.locked and not self._even_locked:
            raise Locked
        if self.viewer.half and self.viewer.half not in self._even_half:
            raise FactorNeeded if self.viewer.half == "factor" else EnrolmentNeeded
        if self._meant_for not in ("", self.viewer.id):
            raise OtherPerson(self.viewer, self._meant_for)
        return self.viewer

    def look_at_mail(self, tx: Transaction) -> None:
        """Note the badge and the cursor of this moment; only whole pages show them."""
        if self.viewer and self._for_page:
            self.mail = inbox.state(tx, self.viewer.id)
            is_patient = self.viewer.role == "patient"
            self.several = is_patient and proxies.is_any_of(tx, self.viewer.own_id)

    def look_for_news(self, tx: Transaction, about: list[tuple[str, str | None]]) -> None:
        """Whether something unread in this person's inbox is about one of these things: it is asked now, and heard when
        that is needed (`hear_news`)."""
        assert self.viewer
        own_id = self.viewer.own_id
        self._looked = [(kind, id, inbox.ask_news(tx, own_id, kind, id)) for kind, id in about]

    def hear_news(self) -> None:
        found = [(kind, id, up_to()) for kind, id, up_to in self._looked]
        self.news = [(kind, id, up_to) for kind, id, up_to in found if up_to is not None]

    def read_news(self, tx: Transaction) -> None:
        """It is read now, and the badge says so. The cursor stays that of what the page shows, if more has come."""
        assert self.viewer
        for kind, subject_id, up_to in self.news:
            inbox.read_subject(tx, self.viewer.own_id, kind, subject_id, up_to)
        if self.mail:
            now = inbox.state(tx, self.viewer.id)
            only_this = now.cursor == self.mail.cursor + len(self.news)
            self.mail = now if only_this else replace(now, cursor=self.mail.cursor)

    def remember(self) -> None:
        """Pages of a session that is locked or half have no frame: whose it is stands in `g.locked`, or `g.half`."""
        viewer, so_far = self.viewer, known()
        so_far.locked = viewer if viewer and viewer.locked else None
        so_far.half = viewer if viewer and viewer.half else None
        so_far.viewer = None if so_far.locked or so_far.half else viewer
        if self._for_page:
            so_far.mail = self.mail or so_far.get("mail")
            so_far.several = self.several


def _opened() -> list[tuple[str, str | None]]:
    """The things that somebody opens by this request: those that the page or JSON shows."""
    if asked().method != "GET" or wants() == "fragment" or by_itself():
        return []
    # A page that was asked for a part of its things has not shown them all.
    return [(kind, id) for kind, id in subjects.shown_at(asked().path) if id or not asked().query_string]


def _acted_on() -> list[tuple[str, str | None]]:
    """The thing that the act of this request is on, which its person has before them."""
    return [(kind, id) for kind, id in subjects.shown_at(asked().path.rpartition("/")[0]) if id]


async def _note_reading(asking: _Asking) -> None:
    """Who has opened what news was about has read it, also if it is not there any more.

    Whoever reads, reads also when nothing can be written.
    """
    if asking.news:
        await database().note(asking.read_news)


async def _note_activity(asking: _Asking) -> None:
    """A page that somebody opens is activity; streams and polls do not come through here."""
    viewer = asking.viewer
    if viewer and not by_itself() and sessions.is_worth_noting(viewer, database().clock()):
        await database().note(sessions.note_activity, viewer)  # whoever reads, reads also when nothing can be written


async def _idempotency() -> tuple[str, str]:
    """The request's idempotency key (empty: none) and the keyed hash by which its repetition is recognised."""
    sent = await body()  # also without a key: a body that is too large is refused whatever is done with it
    key = header("idempotency-key") or (await fields()).get("key", "")
    if not key:
        return "", ""
    if len(key) > idempotency.LONGEST_KEY:
        raise Invalid({"key": N_("La clé d'idempotence ne doit pas dépasser 100 caractères.")})
    if LOST in key:
        raise Invalid({"key": LEGIBLE})
    if header("content-type").startswith("multipart/"):  # what stands between the parts is another every time
        sent = sent.replace(b"--" + asked().mimetype_params.get("boundary", "").encode(), b"--")
    content = b"\n".join((asked().method.encode(), asked().path.encode(), sent))
    secret = key_for("idempotency")
    return key, hmac.new(secret, content, hashlib.sha256).hexdigest()
