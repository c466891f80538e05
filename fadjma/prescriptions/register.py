"""The ordonnancier: what a pharmacy handed over of medicines that are under rules (liste I, liste II, stupéfiants).

Each hand-over of such a medicine has the next number of its pharmacy, for ever; what was undone stays, and says so.
Which rules a medicine is under is as it was on that day. The rules themselves are to be confirmed by a pharmacist of
the country.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fadjma import days
from fadjma.access import tracing
from fadjma.events import Subject
from fadjma.i18n import N_, iso, translate
from fadjma.identity import practices
from fadjma.identity.people import Viewer, full_name, titled
from fadjma.inventory import equivalents
from fadjma.inventory.formulary import SCHEDULES
from fadjma.inventory.queries import Medicine
from fadjma.prescriptions import posology
from fadjma.refusals import Invalid
from fadjma.store import Page, Row, Transaction, given, paging
from fadjma.writing import plain_digits

PER_PAGE = 100
MOST = 20_000  # entries of one file, or of one printing: more than a month of any pharmacy


_UNDONE = N_("annulée")
_INSTEAD = N_("prescrit : %(medicine)s")
_COLUMNS = (
    N_("Numéro"),
    N_("Remis le"),
    N_("Prescripteur"),
    N_("Prescrit le"),
    N_("Patient"),
    N_("Identifiant"),
    N_("Ville"),
    N_("Médicament"),
    N_("Tableau"),
    N_("Quantité"),
    N_("Unité"),
    N_("Lots"),
    N_("Remis par"),
    N_("Remise annulée"),
)
_ENTRY = f"""
    SELECT e.number AS serial, e.at, p.id AS prescription_id, p.patient_id, p.issued_at,
           d.name AS prescriber, coalesce(f.profession, d.profession) AS profession,
           coalesce(f.organization || ', ' || f.city, d.organization || ', ' || d.city) AS prescriber_place,
           i.given_name, i.family_name, i.identifier, i.city, m.dci || ' ' || m.strength || ', ' || m.form AS medicine,
           l.medicine_id,
           e.schedule, m.unit, u.name AS pharmacist, g.undone_at
    FROM register_entries e JOIN dispenses g ON g.id = e.dispense_id JOIN prescription_lines l ON l.id = e.line_id
    JOIN medicine_names m ON m.id = l.medicine_id JOIN prescriptions p ON p.id = g.prescription_id
    JOIN patient_identities i ON i.id = p.patient_id JOIN people d ON d.id = p.prescriber_id
    JOIN people u ON u.id = g.actor_id {practices.then("f", "p.prescriber_id", "p.issued_at")}
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of it; `lots` are numbers, where they are known."""

    serial: int  # its number in the register of its pharmacy
    at: int
    prescription_id: str
    patient_id: str
    issued_at: int
    prescriber: str
    profession: str
    prescriber_place: str
    given_name: str
    family_name: str
    identifier: str
    city: str  # of the patient; all of an address that is known
    medicine: str
    schedule: str
    quantity: int
    unit: str
    lots: str
    pharmacist: str
    undone_at: int | None
    instead_of: str = ""  # what was prescribed, where an equivalent was handed over

    @property
    def patient(self) -> str:
        return full_name(self.given_name, self.family_name)

    @property
    def counted(self) -> str:
        """« 21 gélules »."""
        return posology.counted(self.quantity, self.unit)

    @property
    def day(self) -> date:
        return days.day(self.at)

    @property
    def issued_on(self) -> date:
        return days.day(self.issued_at)

    @property
    def schedule_name(self) -> str:
        return SCHEDULES[self.schedule]

    def json(self, language: str) -> dict[str, Any]:
        return {
            "number": self.serial,
            "at": iso(self.at),
            "prescription_id": self.prescription_id,
            "issued_at": iso(self.issued_at),
            "prescriber": {"name": self.prescriber, "profession": self.profession, "place": self.prescriber_place},
            "patient": {"id": self.patient_id, "name": self.patient, "identifier": self.identifier, "city": self.city},
            "medicine": self.medicine,
            "instead_of": self.instead_of or None,
            "schedule": self.schedule,
            "quantity": self.quantity,
            "unit": self.unit,
            "lots": self.lots.split(", ") if self.lots else [],
            "pharmacist": self.pharmacist,
            "undone_at": iso(self.undone_at) if self.undone_at else None,
        }


def enter(tx: Transaction, dispense_id: str, pharmacy_id: str | None) -> None:
    """Give what was just handed over of medicines that are under rules its numbers."""
    rows = tx.all(
        "SELECT l.id, l.medicine_id, h.lot_id FROM dispense_lines h JOIN prescription_lines l ON l.id = h.line_id "
        "WHERE h.dispense_id = :dispense ORDER BY l.position",
        {"dispense": dispense_id},
    )
    of_lots = equivalents.of_lots(tx, (row["lot_id"] for row in rows if row["lot_id"]))
    given_of = {
        row["id"]: of_lots[row["lot_id"]].id if row["lot_id"] in of_lots else row["medicine_id"] for row in rows
    }
    under_rules = _schedules(tx, given_of.values())
    to_enter = [(line_id, under_rules[id]) for line_id, id in given_of.items() if id in under_rules]
    last = tx.value(
        "SELECT coalesce(max(number), 0) FROM register_entries WHERE pharmacy_id = :pharmacy", {"pharmacy": pharmacy_id}
    )
    tx.execute_many(
        "INSERT INTO register_entries (pharmacy_id, number, dispense_id, line_id, schedule, at) "
        "VALUES (:pharmacy, :number, :dispense, :line, :schedule, :now)",
        [
            {
                "pharmacy": pharmacy_id,
                "number": number,
                "dispense": dispense_id,
                "line": line_id,
                "schedule": schedule,
                "now": tx.now,
            }
            for number, (line_id, schedule) in enumerate(to_enter, last + 1)
        ],
    )


def _schedules(tx: Transaction, medicine_ids: Iterable[str]) -> dict[str, str]:
    """The list of each of these (few) medicines that is on one."""
    among, values = given(dict.fromkeys(medicine_ids))
    sql = f"SELECT id, schedule FROM medicine_schedules WHERE id IN {among} AND schedule <> 'none'"
    return {row["id"]: row["schedule"] for row in tx.all(sql, values)}


def entries(
    tx: Transaction, viewer: Viewer, month: str | None = None, before: str | None = None, limit: int = PER_PAGE
) -> Page[Entry]:
    """What the pharmacist's own pharmacy handed over in a month (« 2026-11 »; None: this one), the first number first.

    Whose it was is before the reader: it is traced as a list of prescriptions. `before` is the `next` of the page
    before. Raises Invalid for a month that there is not.
    """
    viewer.require("pharmacist")
    begins, ends = _month(tx, month)
    rows = tx.all(
        f"{_ENTRY} WHERE e.pharmacy_id = :pharmacy AND e.at >= :begins AND e.at < :ends AND e.number > :after "
        "ORDER BY e.number LIMIT :limit",
        {
            "pharmacy": viewer.organization_id,
            "begins": days.midnight(begins),
            "ends": days.midnight(ends),
            "after": int(before) if before and before.isascii() and before.isdecimal() and len(before) < 16 else 0,
            "limit": limit + 1,
        },
    )
    lots = _lots(tx, viewer, rows)
    ids = (lot["lot_id"] for each in lots.values() for lot in each if lot["lot_id"])
    of_lots = equivalents.of_lots(tx, ids)
    found = paging.page(
        [_entry(row, lots[row["serial"]], of_lots) for row in rows], limit, lambda last: str(last.serial)
    )
    tracing.trace_listed(tx, viewer, {one.prescription_id: _seen(one) for one in found}.values())
    return found


def shown_month(tx: Transaction, month: str | None) -> str:
    """The month that `entries` shows, as it is asked for."""
    return f"{_month(tx, month)[0]:%Y-%m}"


def table(found: Sequence[Entry], language: str) -> Iterator[list[str]]:
    """The lines of a file, the first with the names of its columns."""
    yield [translate(language, column) for column in _COLUMNS]
    for one in found:
        yield [
            str(one.serial),
            days.day(one.at).isoformat(),
            translate(language, titled(one.profession), name=one.prescriber) + f", {one.prescriber_place}",
            one.issued_on.isoformat(),
            one.patient,
            one.identifier,
            one.city,
            one.medicine + _instead(one, language),
            translate(language, one.schedule_name),
            str(one.quantity),
            one.unit,
            one.lots,
            one.pharmacist,
            translate(language, _UNDONE) if one.undone_at else "",
        ]


def _instead(one: Entry, language: str) -> str:
    return f" ({translate(language, _INSTEAD, medicine=one.instead_of)})" if one.instead_of else ""


def _month(tx: Transaction, month: str | None) -> tuple[date, date]:
    """The first day of a month, and of the next."""
    try:
        begins = date.fromisoformat(f"{plain_digits(month).strip()}-01") if month else days.day(tx.now).replace(day=1)
        ends = date(begins.year + begins.month // 12, begins.month % 12 + 1, 1)
        days.midnight(begins), days.midnight(ends)
    except (ValueError, OverflowError) as error:
        raise Invalid({"month": N_("Ce mois n'existe pas. Exemple : 2026-11.")}) from error
    return begins, ends


def _lots(tx: Transaction, viewer: Viewer, rows: Sequence[Row]) -> Mapping[int, Sequence[Row]]:
    """What each lot gave of these entries, by their numbers, which follow each other."""
    found: dict[int, list[Row]] = {}
    if rows:
        given = tx.all(
            "SELECT e.number AS serial, b.number, h.lot_id, h.quantity FROM register_entries e "
            "JOIN dispense_lines h ON h.dispense_id = e.dispense_id AND h.line_id = e.line_id "
            "LEFT JOIN lot_numbers b ON b.id = h.lot_id WHERE e.pharmacy_id = :pharmacy "
            "AND e.number BETWEEN :first AND :last ORDER BY e.number, b.expires_on, b.number",
            {"pharmacy": viewer.organization_id, "first": rows[0]["serial"], "last": rows[-1]["serial"]},
        )
        for lot in given:
            found.setdefault(lot["serial"], []).append(lot)
    return found


def _entry(row: Row, lots: Sequence[Row], of_lots: Mapping[str, Medicine]) -> Entry:
    said = row.as_dict()
    prescribed, medicine_id = said["medicine"], said.pop("medicine_id")
    medicine = next((of_lots[lot["lot_id"]] for lot in lots if lot["lot_id"] in of_lots), None)
    if medicine and medicine.id != medicine_id:
        said |= {"medicine": medicine.name, "unit": medicine.unit, "instead_of": prescribed}
    return Entry(
        **said,
        quantity=sum(lot["quantity"] for lot in lots),
        lots=", ".join(lot["number"] for lot in lots if lot["number"]),
    )


def _seen(one: Entry) -> tuple[Subject, str]:
    return Subject("prescription", one.prescription_id), one.patient_id
