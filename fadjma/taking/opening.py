"""The other side of a link: whoever has it and is told its code, and has no account.

Looking at the link spends nothing; opening it is done once, by one browser, which reads for 30 minutes. What does not
raise here is to be kept: a wrong code is counted, and a refusal would undo that.
"""

import hmac
import secrets
from dataclasses import dataclass

from fadjma import events, writing
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.papers import queries as papers
from fadjma.papers.queries import Paper
from fadjma.refusals import Gone, NotFound
from fadjma.store import Row, Transaction
from fadjma.taking import shares
from fadjma.taking.shares import ATTEMPTS, OPEN_FOR, Share

LOCKED = N_("Cinq mauvais codes ont été donnés : ce lien ne sert plus. Demandez-en un autre au patient.")
UNKNOWN = N_("Ce lien n'existe pas : vérifiez l'adresse, ou demandez-en un autre au patient.")
WRONG = N_("Ce n'est pas le bon code. Essais restants : %(left)d.")
_OVER = {
    "open": N_("Ce lien a déjà été ouvert dans un autre navigateur : demandez-en un autre au patient."),
    "over": N_("Ce lien a déjà servi, et le temps de lecture est passé : demandez-en un autre au patient."),
    "lapsed": N_("Ce lien n'a pas été ouvert à temps : demandez-en un autre au patient."),
    "revoked": N_("Le patient a retiré ce lien."),
    "closed": N_("Ce lien a été lu et refermé : demandez-en un autre au patient."),
    "locked": LOCKED,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has come of a code: `session` opens the pages; without one `left` more may be tried."""

    share: Share
    session: str | None = None
    left: int = 0


def look(tx: Transaction, token: str, session: str | None, *, key: bytes) -> Share:
    """The link as whoever has it may know of it: that it waits for its code, or that this browser has opened it.

    Raises NotFound, Gone. Nothing of it is spent.
    """
    row = _row(tx, token, key)
    found = shares.of_row(tx, row)
    if found.status == "waiting" or _has_opened(row, found, session, key):
        return found
    raise Gone(_OVER[found.status])


def open_with(tx: Transaction, token: str, code: str, *, key: bytes, submission: str | None, address: str) -> Outcome:
    """A code is tried. The same submission again gets what the first one got. Raises NotFound, Gone.

    `submission`: a keyed hash of the form as it was sent; `address`: the mark of where it came from, for the audit.
    """
    row = _row(tx, token, key)
    found = shares.of_row(tx, row)
    if found.status == "open" and submission and row["submission"] == submission:
        return Outcome(found, _session(key, found.id, submission))
    if found.status != "waiting":
        raise Gone(_OVER[found.status])
    if not hmac.compare_digest(shares.code_of(key, found.id).encode(), _digits(code).encode()):
        return Outcome(found, left=_count(tx, found, submission, row["last_wrong"], address))
    session = _session(key, found.id, submission or secrets.token_urlsafe())
    tx.execute(
        "UPDATE shares SET opened_at = :now, closes_at = :end, session_hash = :hash, submission = :submission, "
        "version = version + 1 WHERE id = :id",
        {
            "now": tx.now,
            "end": tx.now + OPEN_FOR,
            "hash": shares.hash_of(key, session),
            "submission": submission,
            "id": found.id,
        },
    )
    _record(tx, found, "share.opened", address, told="share.opened")
    return Outcome(shares.of_row(tx, _row(tx, token, key)), session)


def reading(tx: Transaction, token: str, session: str | None, *, key: bytes) -> Share:
    """The link whose pages this browser reads. Raises NotFound; Gone once it is over, taken back, or for any other."""
    row = _row(tx, token, key)
    found = shares.of_row(tx, row)
    if _has_opened(row, found, session, key):
        return found
    raise Gone(_OVER[found.status]) if found.status != "waiting" else NotFound(UNKNOWN)


def paper(tx: Transaction, token: str, session: str | None, paper_id: str, *, key: bytes, whole: bool) -> Paper:
    """One of the papers that the link shows; `whole`: the file itself, which is written down once.

    Raises NotFound for whatever is not among them, Gone.
    """
    found = reading(tx, token, session, key=key)
    one = papers.of_file(tx, found.patient_id, paper_id)
    if "papers" not in found.scope.parts or not found.scope.has(one.occurred_on):
        raise NotFound
    if whole and not tx.first(
        "SELECT 1 FROM share_papers WHERE share_id = :share AND paper_id = :paper",
        {"share": found.id, "paper": paper_id},
    ):
        tx.execute(
            "INSERT INTO share_papers (share_id, paper_id, at) VALUES (:share, :paper, :now)",
            {"share": found.id, "paper": paper_id, "now": tx.now},
        )
        _record(tx, found, "share.paper_read", "", told=None)
    return one


def close(tx: Transaction, token: str, session: str | None, *, key: bytes, address: str) -> None:
    """Its reader has finished: nobody reads on in this browser. Raises NotFound, Gone."""
    found = reading(tx, token, session, key=key)
    tx.execute(
        "UPDATE shares SET ended_at = :now, ended_why = 'closed', version = version + 1 WHERE id = :id",
        {"now": tx.now, "id": found.id},
    )
    _record(tx, found, "share.closed", address, told=None)


def _row(tx: Transaction, token: str, key: bytes) -> Row:
    row = tx.first(f"{shares.SHARE} WHERE s.link_hash = :hash", {"hash": shares.hash_of(key, token)})
    if row is None:
        raise NotFound(UNKNOWN)
    return row


def _has_opened(row: Row, found: Share, session: str | None, key: bytes) -> bool:
    stored = row["session_hash"]
    return bool(
        found.status == "open" and session and stored and hmac.compare_digest(stored, shares.hash_of(key, session))
    )


def _session(key: bytes, share_id: str, made_of: str) -> str:
    """What the cookie of the browser holds that has opened it: made of its submission, so that twice is once."""
    return hmac.digest(key, f"session:{share_id}:{made_of}".encode(), "sha256").hex()


def _digits(typed: str) -> str:
    return "".join(c for c in writing.plain_digits(typed[:40]) if c not in " .-/")


def _count(tx: Transaction, found: Share, submission: str | None, last_wrong: str | None, address: str) -> int:
    """One more wrong code; returns how many more may be tried. The fifth ends the link."""
    if submission and submission == last_wrong:
        return ATTEMPTS - found.failures
    failures = found.failures + 1
    tx.execute(
        "UPDATE shares SET failures = :failures, last_wrong = :submission, version = version + 1 WHERE id = :id",
        {"failures": failures, "submission": submission, "id": found.id},
    )
    if failures >= ATTEMPTS:
        sql = "UPDATE shares SET ended_at = :now, ended_why = 'locked' WHERE id = :id"
        tx.execute(sql, {"now": tx.now, "id": found.id})
    _record(tx, found, "share.wrong_code", address, told="share.locked" if failures >= ATTEMPTS else None)
    return ATTEMPTS - failures


def _record(tx: Transaction, found: Share, action: str, address: str, *, told: str | None) -> None:
    """Nobody of ours has done it: time itself stands as who, and where it came from beside it."""
    refused = action == "share.wrong_code"
    events.record(
        tx,
        action,
        Subject("share", found.id),
        actor_id=None,
        patient_id=found.patient_id,
        outcome="refused" if refused else "success",
        notices=[Notice([found.patient_id], "notification", told)],
        address=address or None,
    )
