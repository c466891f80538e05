"""Rows on their way to the tables: gathered per table and written together, a few patients at a time."""

from fadjma import writing
from fadjma.store import Transaction

Value = str | int | None

# In an order in which every row finds those that it refers to.
_COLUMNS = {
    "organizations": "id kind name address city phone",
    "medicines": "id dci form strength unit atc search_key",
    "users": "id role status email phone password_hash given_name family_name language created_at verified_at"
    " verified_by",
    "account_words": "word user_id",
    "practitioners": "user_id licence_number specialty organization_id",
    "patients": "user_id identifier birth_date sex city weight_kg pharmacy_id",
    "inboxes": "user_id last_seq",
    "access_requests": "id patient_id doctor_id status reason proposed_scope scope emergency_code created_at"
    " lapses_at decided_at decision_reason expires_at ended_at version",
    "records": "id patient_id type author_id status occurred_on created_at version",
    "record_versions": "record_id version author_id title body reason created_at",
    "prescriptions": "id patient_id prescriber_id addressed_to pharmacy_id replaces_id status status_reason"
    " issued_at valid_until updated_at version",
    "prescription_lines": "id prescription_id position medicine_id dosage quantity duration_days"
    " substitution_reason delivered",
    "delivery_requests": "prescription_id address phone created_at",
    "prescription_acts": "id prescription_id at actor_id from_status to_status reason",
    "products": "id pharmacy_id medicine_id threshold",
    "lots": "id product_id number number_key expires_on on_hand reserved",
    "movements": "id lot_id kind quantity reason actor_id prescription_id at",
    "reservations": "prescription_id line_id lot_id quantity",
    "audit_events": "id at actor_id action subject_kind subject_id patient_id outcome ground detail",
    "notifications": "user_id seq type message subject_kind subject_id created_at read_at",
    "demo_staff_news": "user_id type message subject_kind subject_id created_at read_at",
}
_FOUND_BY = ("given_name", "family_name", "email", "phone")
_INSERTS = {
    table: f"INSERT INTO {table} ({', '.join(columns.split())})"
    f" VALUES ({', '.join(f':{column}' for column in columns.split())})"
    for table, columns in _COLUMNS.items()
}


class Batch:
    """Rows to insert, by table and column name."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._rows: dict[str, list[dict[str, Value]]] = {table: [] for table in _INSERTS}

    def add(self, table: str, **row: Value) -> None:
        """Keep one row, with every column that `_COLUMNS` names, for the next `flush`."""
        self._rows[table].append(row)
        if table == "users":
            found_by = writing.search_words(*(str(row[name] or "") for name in _FOUND_BY))
            self._rows["account_words"] += ({"word": word, "user_id": row["id"]} for word in found_by)

    def flush(self) -> None:
        """Write what was gathered."""
        for table, rows in self._rows.items():
            if rows:
                self._tx.execute_many(_INSERTS[table], rows)
                rows.clear()
