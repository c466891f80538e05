"""More of everything than any page shows, put straight into the tables: three of each at the same moment."""

from dataclasses import replace
from typing import Any

from cast import AWA, CLINIC, DIOP, JAMM, KADD, NDIAYE
from store import Store

from fadjma.access import states as access
from fadjma.identity import sessions
from fadjma.prescriptions import states as prescriptions
from fadjma.records.queries import TYPES

PHONE = "+221770000001"  # of them all
PRODUCTS = 230  # of the Jamm pharmacy, beside what it has: the list of medicines does not grow
DAY = 24 * 3_600_000
_TOGETHER = 3  # at the same moment
_EMERGENCIES = 300  # up to this one, each in its turn
_BY_NOBODY = ("issued", "cancelled", "expired", "entered_in_error")  # what may be without a pharmacy


def fill(store: Store, number: int) -> None:
    """So many people, and so much of everything for Awa, Dr Diop and the Jamm pharmacy; as much for others."""
    many = _Many(store, number)
    store.connection.execute("BEGIN")
    for table in (
        many.people,
        many.requests,
        many.prescriptions,
        many.records,
        many.calls,
        many.stock,
        many.sessions,
        many.events,
    ):
        table()
    many.inbox()
    store.connection.execute("COMMIT")


def name(kind: str, index: int) -> str:
    """By which the thing is found again on a page or in JSON."""
    return f"many-{kind}{index:05}"


# Who has few of everything, however many there are: one of the doctors, and a pharmacist of another place.
DOCTOR = replace(DIOP, id=name("d", list(access.STATES).index("approved")))
PHARMACIST = replace(NDIAYE, organization_id=CLINIC)
PATIENT = name("p", 0)


def names(kind: str, number: int) -> set[str]:
    return {name(kind, index) for index in range(number)}


class _Many:
    def __init__(self, store: Store, number: int) -> None:
        self.store = store
        self.number = number
        self.now = store.clock()

    def _at(self, index: int) -> int:
        return self.now - 1_000 - index // _TOGETHER

    def _insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        columns = ", ".join(rows[0])
        values = ", ".join(f":{column}" for column in rows[0])
        self.store.connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({values})", rows)

    def people(self) -> None:
        def person(kind: str, index: int, role: str, status: str = "active") -> dict[str, Any]:
            return {
                "id": name(kind, index),
                "role": role,
                "status": status,
                "phone": PHONE,
                "password_hash": "",
                "given_name": "Fatou",
                "family_name": name(kind, index),
                "created_at": self._at(index),
            }

        each = range(self.number)
        self._insert("users", [person("p", index, "patient") for index in each])
        self._insert("users", [person("d", index, "doctor") for index in each])
        self._insert("users", [person("w", index, "pharmacist", "pending") for index in each])
        self._insert(
            "account_words",
            [{"word": word, "user_id": name("p", index), "named": 1} for index in each for word in ("fatou", "many")],
        )
        self._insert(
            "patients",
            [
                {"user_id": name("p", index), "identifier": name("i", index), "birth_date": "1990-01-01", "sex": "male"}
                for index in each
            ],
        )
        self._insert(
            "practitioners",
            [
                {"user_id": name(kind, index), "licence_number": "1", "organization_id": place}
                for index in each
                for kind, place in (("d", CLINIC), ("w", KADD))
            ],
        )

    def requests(self) -> None:
        statuses = list(access.STATES)

        def request(kind: str, index: int, patient: str, doctor: str) -> dict[str, Any]:
            status = statuses[index % len(statuses)]
            if status == "emergency" and index > _EMERGENCIES:
                status = "expired"  # of those that last three hours there are never many
            return {
                "id": name(kind, index),
                "patient_id": patient,
                "doctor_id": doctor,
                "status": status,
                "reason": "Suivi",
                "scope": "full",
                "emergency_code": "unconscious" if status == "emergency" else None,
                "created_at": self._at(index),
                "lapses_at": self.now + DAY,
                "decided_at": self._at(index),
                "expires_at": self.now + DAY,
            }

        each = range(self.number)
        self._insert("access_requests", [request("q", index, AWA.id, name("d", index)) for index in each])
        self._insert("access_requests", [request("g", index, name("p", index), DIOP.id) for index in each])
        self._insert("access_requests", [request("o", index, name("p", index), name("d", index)) for index in each])

    def prescriptions(self) -> None:
        statuses = list(prescriptions.STATES)

        def prescription(kind: str, index: int, patient: str, doctor: str, pharmacy: str) -> dict[str, Any]:
            status = statuses[index % len(statuses)]
            unclaimed = status in _BY_NOBODY and index // len(statuses) % 3
            return {
                "id": name(kind, index),
                "patient_id": patient,
                "prescriber_id": doctor,
                "addressed_to": pharmacy if unclaimed == 1 else None,
                "pharmacy_id": None if unclaimed else pharmacy,
                "status": status,
                "status_reason": "Motif",
                "replaces_id": name(kind, index - 1) if status == "cancelled" and index // len(statuses) % 2 else None,
                "issued_at": self._at(index),
                "valid_until": self.now + DAY,
                "updated_at": self._at(index),
            }

        each = range(self.number)
        self._insert("prescriptions", [prescription("x", index, AWA.id, DIOP.id, JAMM) for index in each])
        self._insert(
            "prescriptions", [prescription("y", index, name("p", index), name("d", index), KADD) for index in each]
        )
        few = range(2 * len(statuses))
        self._insert("prescriptions", [prescription("f", index, name("p", index), DOCTOR.id, CLINIC) for index in few])
        self.store.connection.execute(
            "INSERT INTO prescriber_patients (prescriber_id, patient_id, at) "
            "SELECT prescriber_id, patient_id, max(updated_at) FROM prescriptions WHERE status <> 'entered_in_error' "
            "GROUP BY prescriber_id, patient_id "
            "ON CONFLICT (prescriber_id, patient_id) DO UPDATE SET at = excluded.at"
        )

    def records(self) -> None:
        kinds = list(TYPES)

        def record(kind: str, index: int, patient: str) -> dict[str, Any]:
            return {
                "id": name(kind, index),
                "patient_id": patient,
                "type": kinds[index % len(kinds)],
                "author_id": patient if kinds[index % len(kinds)] == "document" else DIOP.id,
                "occurred_on": f"{2025 - index // 900}-{1 + index % 900 // 75:02}-{1 + index % 75 // _TOGETHER:02}",
                "created_at": self._at(index),
                "words": " texte",
            }

        each = [record("r", index, AWA.id) for index in range(self.number)]
        each += [record("c", index, PATIENT) for index in range(len(kinds))]
        self._insert("records", each)
        self._insert(
            "record_versions",
            [
                {
                    "record_id": row["id"],
                    "version": 1,
                    "author_id": DIOP.id,
                    "title": row["id"],
                    "body": "Texte",
                    "created_at": row["created_at"],
                }
                for row in each
            ],
        )

    def calls(self) -> None:
        """Everybody waits for a vaccine."""
        each = range(self.number)
        said = {"check_on": "", "listed": 1, "schedule": 0}
        rows = [
            {
                "patient_id": name("p", i),
                "due_on": f"2025-{1 + i % 12:02}-{1 + i % 28:02}",
                "noted": "nothing" if i % 2 else "fields",
                **said,
            }
            for i in each
        ]
        self._insert("vaccination_calls", rows)

    def stock(self) -> None:
        products = range(PRODUCTS)
        self._insert(
            "medicines",
            [
                {
                    "id": name("m", index),
                    "dci": name("m", index),
                    "form": "gel",
                    "strength": "1 g",
                    "unit": "tube",
                    "search_key": f"many m{index // _TOGETHER:05} 1 g gel",
                }
                for index in products
            ],
        )
        self._insert(
            "products",
            [{"id": name("k", index), "pharmacy_id": JAMM, "medicine_id": name("m", index)} for index in products],
        )
        lots = [(name("k", 0), "many-lot", self.number)]
        lots += [(name("k", index % PRODUCTS), name("empty", index), 0) for index in range(self.number)]
        self._insert(
            "lots",
            [
                {"id": id, "product_id": product, "number": id, "expires_on": "2099-01-31", "on_hand": on_hand}
                for product, id, on_hand in lots
            ],
        )
        self._insert(
            "movements",
            [
                {
                    "id": name("v", index),
                    "lot_id": "many-lot",
                    "kind": "adjusted",
                    "quantity": 1,
                    "reason": name("v", index),
                    "actor_id": "ndiaye",
                    "at": self._at(index),
                }
                for index in range(self.number)
            ],
        )

    def sessions(self) -> None:
        def session(kind: str, index: int, created_at: int) -> dict[str, Any]:
            return {
                "id": name(kind, index),
                "user_id": AWA.id,
                "kind": "token",
                "created_at": created_at,
                "last_active_at": created_at,
                "expires_at": created_at + sessions.LIFETIME,
                "address": "127.0.0.1",
                "agent": "tests",
            }

        each = range(self.number)
        self._insert("sessions", [session("s", index, self._at(index)) for index in each])
        self._insert("sessions", [session("over", index, self._at(index) - sessions.LIFETIME) for index in each])

    def events(self) -> None:
        each = range(self.number)
        self._insert(
            "security_events",
            [
                {
                    "id": name("e", index),
                    "at": self._at(index),
                    "kind": "export",
                    "address": "",
                    "detail": name("e", index),
                }
                for index in each
            ],
        )
        self._insert(
            "audit_events",
            [
                {
                    "id": name("a", index),
                    "at": self._at(index),
                    "actor_id": name("d", index),
                    "action": "file.read",
                    "subject_kind": "patient",
                    "subject_id": AWA.id,
                    "patient_id": AWA.id,
                }
                for index in each
            ],
        )

    def inbox(self) -> None:
        """Two silent ones after each that is told; every other of these is read."""
        last: int = self.store.value("SELECT last_seq FROM inboxes WHERE user_id = ?", AWA.id)
        told = range(0, 3 * self.number, 3)
        self._insert(
            "notifications",
            [
                {
                    "user_id": AWA.id,
                    "seq": last + 1 + index,
                    "type": "notification",
                    "message": "record.read" if index in told else None,
                    "subject_kind": "record",
                    "subject_id": name("n", index // 3),
                    "created_at": self.now,
                    "read_at": self.now if index % 2 else None,
                }
                for index in range(3 * self.number)
            ],
        )
        self.store.connection.execute(
            "UPDATE inboxes SET last_seq = last_seq + ? WHERE user_id = ?", (3 * self.number, AWA.id)
        )
