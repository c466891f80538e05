"""Reading announcements: each for those whom it is for, all of them for admins."""

from dataclasses import dataclass
from typing import Any, Literal

from fadjma.events.subjects import Named
from fadjma.i18n import N_, iso
from fadjma.identity.people import Role, Viewer
from fadjma.refusals import NotFound
from fadjma.store import Page, Row, Transaction, given, paging

Audience = Literal["everybody", "patients", "doctors", "nurses", "receptionists", "pharmacists"]
Status = Literal["published", "withdrawn"]

# Whom an announcement is for, and which role that is; None: whoever has an account in use.
AUDIENCES: dict[Audience, tuple[str, Role | None]] = {
    "everybody": (N_("Tout le monde"), None),
    "patients": (N_("Tous les patients"), "patient"),
    "doctors": (N_("Tous les médecins"), "doctor"),
    "nurses": (N_("Tout le personnel infirmier"), "nurse"),
    "receptionists": (N_("Tout le personnel d'accueil"), "receptionist"),
    "pharmacists": (N_("Toutes les pharmacies"), "pharmacist"),
}
PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class Announcement:
    """One of them. `told` is how many people have been told so far, `done` whether that is all."""

    id: str
    audience: Audience
    title: str
    body: str
    status: Status
    publisher: str
    published_at: int
    withdrawn_at: int | None
    told: int
    done: bool
    version: int
    for_admin: bool

    @property
    def audience_name(self) -> str:
        return AUDIENCES[self.audience][0]

    @property
    def hidden(self) -> bool:
        """Whether what it said is no longer shown: it was wrong."""
        return self.status == "withdrawn" and not self.for_admin

    @property
    def cursor(self) -> str:
        return paging.cursor(self.published_at, self.id)

    def json(self, language: str) -> dict[str, Any]:
        shown = {
            "id": self.id,
            "status": self.status,
            "version": self.version,
            "audience": self.audience,
            "title": None if self.hidden else self.title,
            "body": None if self.hidden else self.body,
            "published_at": iso(self.published_at),
            "withdrawn_at": iso(self.withdrawn_at) if self.withdrawn_at else None,
        }
        return {**shown, "told": self.told, "done": self.done} if self.for_admin else shown


_ANNOUNCEMENT = """
    SELECT a.id, a.audience, a.title, a.body, a.status, p.name AS publisher, a.published_at, a.withdrawn_at, a.told,
           a.done, a.version
    FROM announcements a JOIN people p ON p.id = a.published_by
"""


def announcement(tx: Transaction, viewer: Viewer, announcement_id: str) -> Announcement:
    """One announcement, for whom it is for and for admins. Raises NotFound."""
    row = tx.first(f"{_ANNOUNCEMENT} WHERE a.id = :id", {"id": announcement_id})
    if row is None or row["audience"] not in _audiences(viewer):
        raise NotFound
    return _announcement(row, viewer)


def names(tx: Transaction, viewer: Viewer, announcement_ids: list[str]) -> dict[str, Named]:
    """The titles of those of these (few) that the viewer may read."""
    among, values = given(announcement_ids)
    rows = tx.all(f"{_ANNOUNCEMENT} WHERE a.id IN {among}", values)
    found = [_announcement(row, viewer) for row in rows if row["audience"] in _audiences(viewer)]
    return {item.id: Named(item.title) for item in found if not item.hidden}


def announcements(tx: Transaction, viewer: Viewer, before: str | None = None) -> Page[Announcement]:
    """Those that are for this person, or all for an admin: the latest first."""
    selects = [
        f"SELECT a.id, a.published_at FROM announcements a WHERE a.audience = '{audience}'"
        for audience in _audiences(viewer)
    ]
    before_at, before_id = paging.position(before)
    rows = tx.all(
        f"{_ANNOUNCEMENT} WHERE a.id IN ({paging.newest(selects, 'a.published_at', 'a.id')}) "
        "ORDER BY a.published_at DESC, a.id DESC",
        {"before_at": before_at, "before_id": before_id, "limit": PER_PAGE + 1},
    )
    return paging.page([_announcement(row, viewer) for row in rows], PER_PAGE, lambda item: item.cursor)


def _audiences(viewer: Viewer) -> list[Audience]:
    """The audiences that this person is of; an admin sees what everybody is told."""
    return [code for code, (_, role) in AUDIENCES.items() if viewer.role == "admin" or role in (None, viewer.role)]


def _announcement(row: Row, viewer: Viewer) -> Announcement:
    return Announcement(**{**row.as_dict(), "done": bool(row["done"])}, for_admin=viewer.role == "admin")
