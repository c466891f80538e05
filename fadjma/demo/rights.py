"""Who may read a patient's file: requests in every state of CLINIC.md, and the grants that doctors act on."""

from fadjma.demo import notes
from fadjma.demo.batch import Value
from fadjma.demo.story import Grant, Story
from fadjma.demo.world import DAY, HOUR, MINUTE, Doctor
from fadjma.events import Subject
from fadjma.ids import new_id

_LAPSES_AFTER = 72 * HOUR
_EMERGENCY = 3 * HOUR
_CONSULTATION = 70 * MINUTE
_WAITED = {"rejected": 5 * HOUR, "withdrawn": 50 * MINUTE, "lapsed": _LAPSES_AFTER}


def time_for(story: Story, doctor: Doctor, at: int) -> int:
    """That time, or a little earlier when the doctor's grant would run out during the consultation."""
    for held in story.grants:
        if held.doctor is doctor and at < held.until < at + _CONSULTATION:
            return held.until - _CONSULTATION
    return at


def grant(story: Story, doctor: Doctor, at: int, days: int) -> Grant:
    """The grant on which `doctor` acts at that time; asked for and given just before, when there is none."""
    rng = story.world.rng
    held = [grant for grant in story.grants if grant.doctor is doctor]
    for active in held:
        if active.since <= at < active.until:
            return active
    previous = max((grant.until for grant in held), default=0)
    decided_at = max(at - rng.randint(3, 25) * MINUTE, (previous + at) // 2)
    asked_at = max(decided_at - rng.randint(2, 90) * MINUTE, previous)
    return allow(story, doctor, asked_at, decided_at, decided_at + days * DAY)


def allow(
    story: Story,
    doctor: Doctor,
    asked_at: int,
    decided_at: int,
    expires_at: int,
    *,
    revoked_at: int | None = None,
) -> Grant:
    """A request that the patient approved, with what has become of it by now."""
    ended_at = revoked_at or (expires_at if expires_at <= story.world.now else None)
    status = "approved" if ended_at is None else "revoked" if revoked_at else "expired"
    revocation = story.world.turn("revocations", notes.REVOCATIONS) if revoked_at else ""
    request = _ask(
        story,
        doctor,
        asked_at,
        status,
        proposed_scope="full",
        scope="full",
        decided_at=decided_at,
        decision_reason=revocation or None,
        expires_at=expires_at,
        ended_at=ended_at,
        version=2 if ended_at is None else 3,
    )
    _follow_up(story, doctor, decided_at, "approved", request)
    if ended_at is not None:
        _follow_up(story, doctor, ended_at, status, request)
    return _hold(story, Grant(request.id, doctor, decided_at, ended_at or expires_at))


def ask_in_vain(story: Story, doctor: Doctor, at: int, status: str) -> None:
    """A request that is pending, or that ended as rejected, withdrawn or lapsed."""
    answered_at = None if status == "pending" else at + _WAITED[status]
    rejected = status == "rejected"
    request = _ask(
        story,
        doctor,
        at,
        status,
        proposed_scope=story.world.turn("proposed scopes", ("full", "summary", "prescriptions")),
        decided_at=answered_at if rejected else None,
        decision_reason=(story.world.turn("rejections", notes.REJECTIONS) if rejected else "") or None,
        ended_at=None if rejected else answered_at,
        version=1 if answered_at is None else 2,
    )
    if answered_at is not None:
        _follow_up(story, doctor, answered_at, status, request)


def emergency(story: Story, doctor: Doctor, at: int, code: str, reason: str) -> Grant:
    """An access that a doctor took for three hours; the patient and the admin were told at once."""
    world = story.world
    expires_at = at + _EMERGENCY
    ended = expires_at <= world.now
    request = _ask(
        story,
        doctor,
        at,
        "expired" if ended else "emergency",
        message="access.emergency",
        reason=reason,
        scope="full",
        emergency_code=code,
        expires_at=expires_at,
        ended_at=expires_at if ended else None,
        version=2 if ended else 1,
    )
    world.tell(world.admin_id, at, "notification", "access.emergency_review", Subject("account", doctor.id))
    if ended:
        _follow_up(story, doctor, expires_at, "expired", request)
    return _hold(story, Grant(request.id, doctor, at, expires_at))


def turn_away(story: Story, doctor: Doctor, at: int) -> None:
    """A doctor without a grant tried to open the file."""
    file = Subject("patient", story.id)
    story.trace(at, doctor.id, "file.read", file, place=doctor.place, outcome="refused")


def _ask(
    story: Story, doctor: Doctor, at: int, status: str, message: str = "access.requested", **columns: Value
) -> Subject:
    request = Subject("access_request", new_id())
    row: dict[str, Value] = {
        "id": request.id,
        "patient_id": story.id,
        "doctor_id": doctor.id,
        "status": status,
        "reason": "",
        "proposed_scope": None,
        "scope": None,
        "emergency_code": None,
        "created_at": at,
        "lapses_at": at + _LAPSES_AFTER,
        "decided_at": None,
        "decision_reason": None,
        "expires_at": None,
    } | columns
    row["reason"] = row["reason"] or story.world.turn("reasons", notes.ACCESS_REASONS)
    story.world.batch.add("access_requests", **row)
    story.tell(at, "new_access_request", message, request)
    story.trace(at, doctor.id, "access_request.created", request, place=doctor.place)
    return request


def _follow_up(story: Story, doctor: Doctor, at: int, status: str, request: Subject) -> None:
    """Trace how a request changed, and tell those who did not do it themselves."""
    actor = {"withdrawn": doctor.id, "lapsed": None, "expired": None}.get(status, story.id)
    story.trace(at, actor, f"access_request.{status}", request)
    if status != "withdrawn":
        story.world.tell(doctor.id, at, "access_request_status_changed", f"access.{status}", request)
    if status in ("withdrawn", "expired"):
        story.tell(at, "access_request_status_changed", f"access.{status}", request)


def _hold(story: Story, held: Grant) -> Grant:
    story.grants.append(held)
    return held
