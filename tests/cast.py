"""The fixed cast: who acts in the tests, and who may not.

Awa is the patient, Dr Diop treats her, Mme Ndiaye and M. Gomis are pharmacists of the Jamm pharmacy. Moussa is another
patient, Dr Sarr another doctor, Mme Fall a pharmacist of another pharmacy, and the admin sees nothing medical. At the
doctors' clinic Mme Thiam is at the front desk, and M. Gassama is a nurse.
"""

from collections.abc import Callable

from fadjma.identity import enrolment, sessions
from fadjma.identity.people import Role, Viewer
from fadjma.store import Transaction
from fadjma.writing import name_key, search_key

PASSWORD = "demo-fadjma-2026"
CLINIC, JAMM, KADD = "clinic-teranga", "pharmacy-jamm", "pharmacy-kadd"
_PLACES = {
    CLINIC: ("clinic", "Clinique Teranga"),
    JAMM: ("pharmacy", "Pharmacie Jamm"),
    KADD: ("pharmacy", "Pharmacie Kadd"),
}


def secret_of(person: str) -> str:
    """The secret of this person's browser session."""
    return f"the secret of {person}"


def _viewer(id: str, role: Role, given_name: str, family_name: str, place: str | None = None) -> Viewer:
    name = _PLACES[place][1] if place else None
    profession = "physician" if role == "doctor" else None
    session = sessions.id_of(secret_of(id))
    return Viewer(id, role, given_name, family_name, "fr", place, name, session, 0, profession=profession)


AWA = _viewer("awa", "patient", "Awa", "Cissé")
MOUSSA = _viewer("moussa", "patient", "Moussa", "Diouf")
DIOP = _viewer("diop", "doctor", "Ousmane", "Diop", CLINIC)
SARR = _viewer("sarr", "doctor", "Fatou", "Sarr", CLINIC)
NDIAYE = _viewer("ndiaye", "pharmacist", "Khady", "Ndiaye", JAMM)
GOMIS = _viewer("gomis", "pharmacist", "Paul", "Gomis", JAMM)
FALL = _viewer("fall", "pharmacist", "Astou", "Fall", KADD)
THIAM = _viewer("thiam", "receptionist", "Bineta", "Thiam", CLINIC)
GASSAMA = _viewer("gassama", "nurse", "Lassana", "Gassama", CLINIC)
ADMIN = _viewer("admin", "admin", "Aminata", "Ba")
CAST = (AWA, MOUSSA, DIOP, SARR, NDIAYE, GOMIS, FALL, THIAM, GASSAMA, ADMIN)

EMAILS = {
    AWA.id: "awa@demo.fadjma",
    MOUSSA.id: "moussa@demo.fadjma",
    DIOP.id: "dr.diop@demo.fadjma",
    SARR.id: "dr.sarr@demo.fadjma",
    NDIAYE.id: "pharma.ndiaye@demo.fadjma",
    GOMIS.id: "pharma.gomis@demo.fadjma",
    FALL.id: "pharma.fall@demo.fadjma",
    THIAM.id: "accueil.thiam@demo.fadjma",
    GASSAMA.id: "inf.gassama@demo.fadjma",
    ADMIN.id: "admin@demo.fadjma",
}
PHONES = {AWA.id: "+221771234567", MOUSSA.id: "+221769876543"}
IDENTIFIERS = {AWA.id: "FJ-7K2MQ-0XW4D", MOUSSA.id: "FJ-3PZ9T-8R1BC"}

PARACETAMOL, AMOXICILLIN, INSULIN = "paracetamol-500", "amoxicillin-1g", "insulin-glargine"
_MEDICINES = {
    PARACETAMOL: ("paracétamol", "comprimé", "500 mg", "comprimé"),
    AMOXICILLIN: ("amoxicilline", "comprimé dispersible", "1 g", "comprimé"),
    INSULIN: ("insuline glargine", "solution injectable", "100 UI/ml", "stylo"),
}


def settle(tx: Transaction, hash_of: Callable[[str], str] = lambda password: "no hash") -> None:
    """Put the cast, their places, a session each and three medicines into an empty database."""
    tx.execute_many(
        "INSERT INTO organizations (id, kind, name, address, city, phone) "
        "VALUES (?, ?, ?, 'avenue Bourguiba', 'Dakar', '+221338210000')",
        [(id, kind, name) for id, (kind, name) in _PLACES.items()],
    )
    password_hash = hash_of(PASSWORD)
    for person in CAST:
        _settle_person(tx, person, password_hash)
    for patient, birth_date, sex in ((AWA, "1991-07-14", "female"), (MOUSSA, "1978-03-30", "male")):
        tx.execute(
            "INSERT INTO patients (user_id, identifier, birth_date, sex, city) VALUES (?, ?, ?, ?, 'Dakar')",
            (patient.id, IDENTIFIERS[patient.id], birth_date, sex),
        )
    tx.execute_many(
        "INSERT INTO medicines (id, dci, form, strength, unit, name_key, search_key) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (id, dci, form, strength, unit, name_key(dci, form, strength), search_key(f"{dci} {strength} {form}"))
            for id, (dci, form, strength, unit) in _MEDICINES.items()
        ],
    )


def _settle_person(tx: Transaction, person: Viewer, password_hash: str) -> None:
    tx.execute(
        "INSERT INTO users (id, role, status, email, phone, password_hash, given_name, family_name, created_at, "
        "verified_at) VALUES (?, ?, 'active', ?, ?, ?, ?, ?, ?, ?)",
        (
            person.id,
            person.role,
            EMAILS[person.id],
            PHONES.get(person.id),
            password_hash,
            person.given_name,
            person.family_name,
            tx.now,
            tx.now,
        ),
    )
    tx.execute("INSERT INTO inboxes (user_id) VALUES (?)", (person.id,))
    email, phone = EMAILS[person.id], PHONES.get(person.id)
    enrolment.make_findable(tx, person.id, person.given_name, person.family_name, email, phone)
    if person.organization_id:
        tx.execute(
            "INSERT INTO practitioners (user_id, licence_number, specialty, profession, organization_id) "
            "VALUES (?, ?, ?, ?, ?)",
            (
                person.id,
                f"ORDRE-{person.id}",
                "Médecine générale",
                "physician" if person.role == "doctor" else "",
                person.organization_id,
            ),
        )
    tx.execute(
        "INSERT INTO sessions (id, user_id, kind, created_at, last_active_at, expires_at, address, agent) "
        "VALUES (?, ?, 'browser', ?, ?, ?, '127.0.0.1', 'tests')",
        (person.session_id, person.id, tx.now, tx.now, tx.now + sessions.LIFETIME),
    )
