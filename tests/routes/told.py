"""The story before each test, and the table of what may be asked: every route with who may, in which words."""

import re
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyotp
import steps
from cast import (
    ADMIN,
    AMOXICILLIN,
    AWA,
    CAST,
    CLINIC,
    DIOP,
    FALL,
    GASSAMA,
    GOMIS,
    IDENTIFIERS,
    INSULIN,
    JAMM,
    KADD,
    MOUSSA,
    NDIAYE,
    PARACETAMOL,
    PASSWORD,
    SARR,
    THIAM,
)
from store import Store

from fadjma.access import actions as access
from fadjma.access import reviewing
from fadjma.accounts import actions as accounts
from fadjma.accounts import factor_removal, second_factor
from fadjma.announcements import actions as announcements
from fadjma.family import actions as family
from fadjma.identity import second_factors, slips
from fadjma.identity.credentials import derive_key
from fadjma.identity.enrolment import NewPerson
from fadjma.identity.patients import Facts as Identity
from fadjma.identity.people import Viewer
from fadjma.identity.places import Facts as PlaceFacts
from fadjma.inventory import counting, deliveries, listing, receiving, transfers, withholding
from fadjma.inventory.counting import Counted
from fadjma.inventory.formulary import Facts
from fadjma.linking import actions as linking
from fadjma.places import importing
from fadjma.prescriptions import actions as prescriptions
from fadjma.prescriptions import dispensing, setbacks
from fadjma.prescriptions.actions import NewLine
from fadjma.reception import actions as reception
from fadjma.records import actions as records
from fadjma.records import measuring, noting, structuring
from fadjma.records.allergies import Facts as Allergen
from fadjma.records.consultations import Consultation
from fadjma.records.problems import Problem
from fadjma.records.results import Result, Value
from fadjma.records.vaccinations import Vaccination
from fadjma.records.vitals import Reading
from fadjma.safety import importing as safety_files
from fadjma.safety import signing
from fadjma.safety.tables import Facts as Entry
from fadjma.store import Transaction
from fadjma.taking import exports, shares
from fadjma.taking.scope import Scope as Taken

KETOPROFEN = Facts(dci="kétoprofène", form="gélule", strength="50 mg", unit="gélule", brands="Profénid")
NORAMIDOPYRINE = Facts(dci="noramidopyrine", form="comprimé", strength="500 mg", unit="comprimé")
POST = PlaceFacts(kind="clinic", name="Poste de santé", address="rue 4", city="Mbour", phone="+221339571234")
MOST = Entry(
    kind="dose", dci="paracétamol", from_months=1, to_months=144, mg_per_kg_day=7500, source="OMS", source_on="2010"
)
ALPRAZOLAM = Facts(dci="alprazolam", form="comprimé", strength="0,25 mg", unit="comprimé", schedule="list_1")
PIN = "407192"
DOCUMENT = "CNI 1 751 1991 00042"
SECRET_KEY = "the secret key of these tests, long enough"
SLIP_KEY = derive_key(SECRET_KEY, "slips")
PIN_KEY = derive_key(SECRET_KEY, "patient_pins")
SHARE_KEY = derive_key(SECRET_KEY, shares.PURPOSE)
FACTOR_KEY = derive_key(SECRET_KEY, "second_factor")
RECOVERY = second_factors.recovery_code(FACTOR_KEY, "a recovery code of M. Gomis")
ENTRY = "a-row-of-doses"
SLIP = "the slip of Sokhna"  # its id, which makes the code
YANDE = Identity(
    given_name="Yandé", family_name="", birth_date="1951", sex="female", city="Fatick", phone=None, email=None
)
TITLE, BODY = "Drépanocytose hétérozygote", "Crise vaso-occlusive, morphine si besoin."
ANNOUNCEMENT = {
    "audience": "everybody",
    "title": "Coupure de courant",
    "body": "Samedi de 8h à 10h : pas de connexion.",
}
REASON = "Douleurs thoraciques depuis lundi"


@dataclass(frozen=True)
class Told:
    """Ids: Awa's file is open to Dr Diop, who has prescribed at every step; Dr Sarr has asked and waits."""

    pending: str
    granted: str
    registered: str  # a patient of one name, without an account, who has a PIN
    renewed: str  # another, whom reception has just given a code
    linked: str  # her file and the closed one are the same person's
    present: str  # Dr Diop has asked her, and she is there
    record: str
    weight: str
    consultation: str  # with fields
    problem: str
    vaccination: str
    result: str
    allergy: str  # refuted
    issued: str
    open: str  # to any pharmacy
    validated: str
    prepared: str
    ready: str
    refused: str
    asked: str  # ready, and Awa wants it brought
    away: str  # on its way to her; she has asked Dr Diop to renew it
    owed: str  # a part of it was handed over
    handover: str  # of that part, without the code
    given_lot: str  # of which it was
    recalled: str  # what Awa reads of another lot that is recalled
    ended: str  # it was ready, and its pharmacy has not said yet that it knows
    lot: str
    product: str
    favourite: str  # a set of Dr Diop's
    delivery: str  # a file of lots that was read
    receipt: str  # another, which was received
    count: str  # a sheet of lots that was counted
    shared: str  # a lot of which some is on its way to Kadd
    withheld: str  # a lot
    coming: str  # what is on its way
    waiting: str  # a doctor to be verified
    guarded: str  # a doctor with a second factor
    losing: str  # another, whose is to be taken away: another admin has asked
    invited: str  # a doctor whose account the admin has made, and who has not chosen a password
    closed: str  # a deactivated patient
    elsewhere: str  # another session of Awa's
    place: str  # the clinic
    medicine: str  # nobody has prescribed or received it
    retired: str
    checked: str  # a file of medicines that was read
    checked_places: str  # a file of places that was read
    entry: str  # of a safety table, not signed
    checked_doses: str  # a file of doses that was read
    emergency: str  # of Dr Sarr, to be reviewed
    explaining: str  # of Dr Diop, who is to explain it
    line: str  # of Awa's trace
    announced: str  # to everybody
    offered: str  # by Awa to Moussa: that he may act for her; he has not answered
    contested: str  # another, of which she has said that it is not normal
    export: str  # a copy of Awa's file, which is ready (test_taken_away.py has one made)
    share: str  # a link of hers, which nobody has opened
    news: str  # the number of a line of Awa's inbox; nobody else has one of this number


def tell(store: Store) -> Told:
    """A minute passes between two acts; the story ends now."""
    act = _Acts(store)
    steps.receive(store, 500)
    lot = steps.receive(store, 500, medicine_id=INSULIN)
    product: str = store.value("SELECT product_id FROM lots WHERE id = ?", lot)
    granted = steps.grant(store)
    pending = act(access.ask, SARR, patient_id=AWA.id, reason=REASON)
    record = act(records.create, DIOP, AWA.id, type="consultation", title=TITLE, body=BODY, occurred_on="2026-03-02")
    weight = act(measuring.measure, DIOP, AWA.id, code="body_weight", value=63_000, measured_on="2026-03-02")
    consultation = store.write(
        structuring.consult,
        DIOP,
        AWA.id,
        facts=Consultation("Vertiges", "Debout depuis ce matin.", "Repos"),
        readings=[Reading("blood_pressure", 130, "blood_pressure", 85)],
        occurred_on="2026-03-02",
    )
    problem = store.write(structuring.note_problem, DIOP, AWA.id, facts=Problem("Drépanocytose", icd="D57.1"))
    bcg = {"facts": Vaccination("BCG", lot="A1"), "occurred_on": "2026-03-02"}
    vaccination = store.write(structuring.vaccinate, DIOP, AWA.id, **bcg)
    creatinine = Result((Value("Créatinine", Decimal("8.1"), "", "mg/L"),))
    result = store.write(structuring.note_result, DIOP, AWA.id, facts=creatinine, occurred_on="2026-03-02")
    peanut = Allergen("food", "arachide", reaction="urticaire", severity="mild", status="refuted")
    allergy = act(noting.note, DIOP, AWA.id, facts=peanut)
    step = [act(_issue) for _ in range(7)]
    for number, prescription_id in enumerate(step):
        for do in (dispensing.validate, dispensing.prepare, dispensing.mark_ready)[: (0, 1, 2, 3, 1, 3, 3)[number]]:
            act(do, NDIAYE, prescription_id)
    sql = "UPDATE prescription_lines SET id = ? WHERE prescription_id = ?"
    store.connection.execute(sql, (OF_VALIDATED, step[1]))
    act(dispensing.refuse, NDIAYE, step[4], code="dose", text="Dose à vérifier")
    for prescription_id in step[5:]:
        act(prescriptions.request_delivery, AWA, prescription_id, address="12 rue 6, Médina", phone="+221771234567")
    act(dispensing.depart, NDIAYE, step[6])
    registered = act(reception.register, THIAM, YANDE)
    renewed = act(reception.register, THIAM, replace(YANDE, given_name="Dieynaba", phone="+221775550077"))
    issued = {"document": DOCUMENT, "key": SLIP_KEY, "nobodys_hash": "no hash", "address": "-"}
    act(reception.reset_password, THIAM, renewed, **issued)
    act(reception.give_pin, THIAM, registered, document=DOCUMENT, chosen=PIN, key=PIN_KEY)
    present = act(access.ask, DIOP, patient_id=registered, reason=REASON)
    invited = _invite(act, store)
    closed = act(accounts.register_patient, _person("Coumba"), birth_date="1990-01-01", sex="female", city="Thiès")
    emergency = act(access.open_emergency, SARR, patient_id=closed, reason="Malaise", code="unconscious")
    explaining = act(access.open_emergency, DIOP, patient_id=closed, reason="Chute", code="life_threat")
    act(reviewing.question, ADMIN, explaining, text="Pourquoi sans demande ?")
    _protect(store, GOMIS)
    known = ("a recovery code of M. Gomis", second_factors._hash(FACTOR_KEY, RECOVERY))
    sql = "UPDATE recovery_codes SET id = ?, hash = ? WHERE id = (SELECT min(id) FROM recovery_codes)"
    store.connection.execute(sql, known)
    store.connection.execute(
        "UPDATE access_requests SET status = 'expired', ended_at = expires_at WHERE status = 'emergency'"
    )
    act(accounts.deactivate, ADMIN, closed)
    announced = act(announcements.publish, ADMIN, **ANNOUNCEMENT)
    line, contested = _line(store, "record.created"), _line(store, "access_request.created")
    act(reviewing.contest, AWA, AWA.id, contested, text="Je ne le connais pas")
    linked = act(linking.link, ADMIN, one=_identifier(store, registered), other=_identifier(store, closed))
    offered = act(family.offer, AWA, identifier=IDENTIFIERS[MOUSSA.id], relationship="sibling")
    store.connection.execute("UPDATE organizations SET part_of = ? WHERE id = ?", (JAMM, KADD))
    shared = steps.receive(store, 40, medicine_id=AMOXICILLIN, number="T1")
    store.clock.advance(milliseconds=1)
    withheld = steps.receive(store, 40, medicine_id=AMOXICILLIN, number="T2")
    store.write(withholding.withhold, NDIAYE, withheld, reason="Emballages mouillés")
    story = Told(
        pending=pending,
        granted=granted,
        registered=registered,
        present=present,
        renewed=renewed,
        linked=linked,
        record=record,
        weight=weight,
        consultation=consultation,
        problem=problem,
        vaccination=vaccination,
        result=result,
        allergy=allergy,
        issued=step[0],
        open=steps.issue(store, pharmacy=None),
        validated=step[1],
        prepared=step[2],
        ready=step[3],
        refused=step[4],
        asked=step[5],
        away=step[6],
        ended=_end_late(store, steps.issue(store)),
        lot=lot,
        product=product,
        favourite=_favourite(store),
        delivery=act(receiving.check, NDIAYE, _delivered("LIV-1")),
        receipt=act(receiving.confirm, NDIAYE, act(receiving.check, NDIAYE, _delivered("LIV-2"))),
        count=act(counting.record, NDIAYE, _shelve(store, product), reason="Inventaire", confirmed=True),
        shared=shared,
        withheld=withheld,
        coming=store.write(transfers.send, NDIAYE, shared, to_id=KADD, quantity=5),
        waiting=act(
            accounts.register_practitioner,
            _person("Ibrahima"),
            "doctor",
            licence_number="ORDRE-7",
            specialty="Pédiatrie",
            organization_id=CLINIC,
        ),
        invited=invited,
        guarded=_guarded(act, store, "Seynabou"),
        losing=_lose(act, store),
        closed=closed,
        elsewhere=_session(store),
        place=CLINIC,
        medicine=act(listing.add, ADMIN, KETOPROFEN),
        retired=act(listing.retire, ADMIN, act(listing.add, ADMIN, NORAMIDOPYRINE)),
        checked=act(listing.check, ADMIN, {2: ALPRAZOLAM.columns()}),
        checked_places=act(importing.check, ADMIN, {2: asdict(POST)}),
        entry=_entry(store),
        checked_doses=store.write(safety_files.check, NDIAYE, {2: replace(MOST, dci="amoxicilline")}),
        emergency=emergency,
        explaining=explaining,
        line=line,
        contested=contested,
        announced=announced,
        offered=offered,
        news="",
        export=_export(store),
        share=store.write(shares.make, AWA, AWA.id, Taken(), whom="Dr Ba", hours=24, key=SHARE_KEY),
        owed=_hand_over_a_part(store, steps.issue(store)),  # the last: it can be undone for ten minutes
        handover=store.value("SELECT id FROM dispenses"),
        given_lot=store.value("SELECT lot_id FROM dispense_lines"),
        recalled=_recall(store, lot),
    )
    steps.explain(store, *step, story.open, story.owed)
    _want_renewed(store, story.away)
    return replace(story, news=_news(store))  # when everybody has been told


def _export(store: Store) -> str:
    asked = store.write(exports.ask, AWA, AWA.id, Taken(), drop=lambda export_id: None)
    store.write(exports.finish, asked, AWA.id, 40_000)
    return asked


def _news(store: Store) -> str:
    sql = (
        "SELECT max(seq) FROM notifications n WHERE user_id = 'awa' AND message IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM notifications o WHERE o.seq = n.seq AND o.user_id <> n.user_id AND o.message IS NOT NULL)"
    )
    return str(store.value(sql))


def _identifier(store: Store, patient_id: str) -> str:
    found: str = store.value("SELECT identifier FROM patients WHERE user_id = ?", patient_id)
    return found


class _Acts:
    """Acts on the store, a minute apart."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.clock.advance(hours=-1)

    def __call__(self, action: Any, *args: Any, **kwargs: Any) -> str:
        self._store.clock.advance(minutes=1)
        done: str = self._store.write(action, *args, **kwargs)
        return done


def _issue(tx: Transaction) -> str:
    lines = [NewLine(PARACETAMOL, "1 comprimé matin et soir", 20, 10)]
    return prescriptions.issue(tx, DIOP, AWA.id, lines=lines, pharmacy_id=JAMM)


def _delivered(number: str) -> deliveries.Table:
    return deliveries.Table({2: deliveries.Name("amoxicilline 1 g", "")}, {2: deliveries.Line(number, NEXT_YEAR, 60)})


def _favourite(store: Store) -> str:
    """Of Dr Diop's, one medicine; written by hand, because keeping one is a reading that is traced."""
    store.connection.execute("INSERT INTO prescription_sets VALUES ('favourite', 'diop', 'Rhume', 'rhume', 1, NULL)")
    line = ("favourite", 0, PARACETAMOL, "1 comprimé matin et soir", 10, 5, None)
    store.connection.execute("INSERT INTO prescription_set_lines VALUES (?, ?, ?, ?, ?, ?, ?)", line)
    return "favourite"


def _want_renewed(store: Store, prescription_id: str) -> None:
    """It waits for Dr Diop's answer; written by hand, because it is asked of what was handed over."""
    store.connection.execute(
        "INSERT INTO renewals (id, prescription_id, prescriber_id, status, note, asked_at, lapses_at, reason) "
        "VALUES ('wanted', ?, 'diop', 'pending', 'Il ne m''en reste plus', ?, ?, '')",
        (prescription_id, store.clock(), store.clock() + steps.WEEK),
    )


def _entry(store: Store) -> str:
    """A row of a safety table, whose id is known beforehand, as it is signed."""
    added = store.write(signing.add, NDIAYE, MOST)
    store.connection.execute("UPDATE safety_entries SET id = ? WHERE id = ?", (ENTRY, added))
    return ENTRY


def _shelve(store: Store, product: str) -> list[Counted]:
    """A lot whose id is known beforehand, as it is counted."""
    store.connection.execute(
        "INSERT INTO lots (id, product_id, number, number_key, expires_on, on_hand) VALUES (?, ?, ?, ?, ?, 9)",
        (SHELVED, product, SHELVED, SHELVED, NEXT_YEAR),
    )
    sql = "INSERT INTO movements (id, lot_id, kind, quantity, actor_id, at) VALUES (?, ?, 'received', 9, 'ndiaye', ?)"
    store.connection.execute(sql, (SHELVED, SHELVED, store.clock()))
    return [Counted("lines-0-on_hand", SHELVED, 1, 9)]


def _person(given_name: str) -> NewPerson:
    return NewPerson(
        given_name=given_name,
        family_name="Faye",
        email=f"{given_name.lower()}@demo.fadjma",
        phone=None,
        password_hash="no hash",
    )


def _invite(act: _Acts, store: Store) -> str:
    invited = act(
        accounts.create_account,
        ADMIN,
        _person("Sokhna"),
        "doctor",
        licence_number="",
        specialty="",
        profession="midwife",
        organization_id=CLINIC,
        key=SLIP_KEY,
    )
    known = (SLIP, slips.hash_of(SLIP_KEY, slips.code_of(SLIP_KEY, SLIP)), invited)
    store.connection.execute("UPDATE slips SET id = ?, code_hash = ? WHERE user_id = ?", known)
    return invited


def _protect(store: Store, person: Viewer) -> None:
    """This person has an authenticator."""
    store.write(second_factors.begin, person.id, key=FACTOR_KEY)
    secret = store.read(second_factors.enrolment, person.id, key=FACTOR_KEY).secret
    code = pyotp.TOTP(secret).generate_otp(store.clock() // second_factors.STEP)
    store.write(second_factor.confirm, person, code, key=FACTOR_KEY, address="-")


def _guarded(act: _Acts, store: Store, given_name: str) -> str:
    """A doctor who has an authenticator."""
    guarded = act(
        accounts.register_practitioner,
        _person(given_name),
        "doctor",
        licence_number="ORDRE-9",
        specialty="",
        organization_id=CLINIC,
    )
    act(accounts.verify, ADMIN, guarded)
    _protect(store, replace(DIOP, id=guarded))
    return guarded


def _lose(act: _Acts, store: Store) -> str:
    other = replace(ADMIN, id=act(accounts.create_admin, _person("Mariama")))
    losing = _guarded(act, store, "Malick")
    return act(factor_removal.ask, other, losing, reason="Volé", document=DOCUMENT, address="-")


def _end_late(store: Store, prescription_id: str) -> str:
    for do in (dispensing.validate, dispensing.prepare):
        store.write(do, NDIAYE, prescription_id)
    return store.write(prescriptions.cancel, DIOP, prescription_id, reason="Traitement changé")


def _hand_over_a_part(store: Store, prescription_id: str) -> str:
    store.connection.execute(
        "UPDATE prescription_lines SET id = ? WHERE prescription_id = ?", (OF_OWED, prescription_id)
    )
    for do in (dispensing.validate, dispensing.prepare, dispensing.mark_ready):
        store.write(do, NDIAYE, prescription_id)
    store.write(setbacks.cannot_supply, NDIAYE, prescription_id, line_id=OF_OWED, code="out_of_stock")
    return store.write(
        dispensing.deliver,
        NDIAYE,
        prescription_id,
        key=b"",
        identity_document=DOCUMENT,
        reason="Téléphone volé",
        parts=[dispensing.Part(OF_OWED, 8)],
    )


def _recall(store: Store, lot_id: str) -> str:
    told = ("recalled", lot_id, JAMM, INSULIN, AWA.id, "notice", NDIAYE.id, store.clock())
    store.connection.execute("INSERT INTO recall_notices VALUES (?, ?, ?, ?, ?, ?, ?, ?)", told)
    return "recalled"


def _line(store: Store, action: str) -> str:
    found: str = store.value("SELECT min(id) FROM audit_events WHERE patient_id = 'awa' AND action = ?", action)
    return found


def _session(store: Store) -> str:
    store.write(accounts.start_session, AWA.id, kind="browser", address="10.9.9.9", agent="Firefox Android")
    found: str = store.value("SELECT id FROM sessions WHERE agent = 'Firefox Android'")
    return found


@dataclass(frozen=True)
class Route:
    """One route as one person may use it. In `path`, {name} is an id of `Told`."""

    path: str
    who: Viewer
    body: dict[str, Any] | None = None
    created: bool = False
    allowed: tuple[Viewer, ...] = ()  # who else may
    quiet: bool = False  # an act with nothing to show: 204 to a program, and the body is hardly looked at

    @property
    def name(self) -> str:
        return self.path

    def at(self, told: Told) -> str:
        return self.path.format(**vars(told))

    @property
    def has_id(self) -> bool:
        return self.unknown != self.path

    @property
    def unknown(self) -> str:
        """The same address of something that does not exist."""
        return re.sub(r"\{\w+\}|(?<=/)(awa|moussa)(?=/)", UNKNOWN, self.path)

    def may(self, person: Viewer) -> bool:
        return person == self.who or person in self.allowed


class _Day(str):
    """A date so far from the day on which the tests begin that it stays what it is called when midnight passes.

    Tables are named by `name`: processes that run tests side by side must call them the same.
    """

    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str, days: int) -> "_Day":
        day = super().__new__(cls, (datetime.now(UTC) + timedelta(days=days)).date().isoformat())
        day.name = name
        return day


UNKNOWN = "0000000000000000000"
LINE = {"medicine_id": PARACETAMOL, "dosage": "1 comprimé matin et soir", "quantity": 10, "duration_days": 5}
OTHER = {**LINE, "medicine_id": AMOXICILLIN}  # of which she was prescribed none yet
NOT_YET, LAST_WEEK, NEXT_YEAR = _Day("not yet", 7), _Day("last week", -7), _Day("next year", 365)
RECORD = {"type": "consultation", "title": "Contrôle", "body": "Va mieux.", "occurred_on": LAST_WEEK}
VITALS = {"blood_pressure": "120/80", "pulse": "80", "temperature": "37,8", "measured_on": LAST_WEEK}
CONSULTATION = {"motive": "Fièvre", "observation": "Gorge rouge.", "conclusion": "Angine", "temperature": "38,5"}
CORRECTED_CONSULTATION = {
    "motive": "Fièvre et toux",
    "observation": "Gorge rouge.",
    "version": 1,
    "reason": "Complétée",
}
PROBLEM = {"words": "hypertension artérielle", "icd": "i10", "since": "5/2019"}
RESULT = {"values": [{"analysis": "Hémoglobine", "value": "9,1", "unit": "g/dL", "low": "12", "high": "16"}]}
VACCINATION = {"vaccine": "Fièvre jaune", "dose": 1, "lot": "Y7", "site": "bras gauche", "next_due": NEXT_YEAR}
WEIGHT = {"code": "body_weight", "value": "62,5", "unit": "kg", "measured_on": LAST_WEEK}
ALLERGY = {"substance": "pénicillines", "reaction": "œdème", "severity": "severe"}
AMENDED = {"version": 1, "title": "Contrôle", "body": "Va bien.", "reason": "Faute de frappe"}
LOT = {"medicine_id": PARACETAMOL, "number": "L77", "expires_on": NEXT_YEAR, "quantity": 30}
OF_VALIDATED = "line-of-validated"
OF_OWED = "line-of-owed"  # which its pharmacy cannot supply
COUNT = {"version": 1, "on_hand": 480, "reason": "Casse"}
PLACE = {
    "kind": "pharmacy",
    "name": "Pharmacie Teranga",
    "address": "avenue Caen",
    "city": "Thiès",
    "phone": "33 951 12 34",
}
MEDICINE = {
    "dci": "acide méfénamique",
    "form": "gélule",
    "strength": "250 mg",
    "unit": "gélule",
    "schedule": "list_2",
}
SETTINGS = {
    **{"validity_days": 60, "expiry_days": 45, "lock_minutes": 10, "proxy_age": 18},
    **{"time_zone": "Africa/Abidjan", "second_factor": False, "version": 1},
}
PLACES = "genre;nom;adresse;ville;téléphone\npharmacie;Pharmacie du Marché;rue 2;Mbour;33 957 11 22"
SHELVED = "SHELVED"  # the number and the id of a lot
SHEET = {"lines": [{"lot_id": SHELVED, "version": 1, "on_hand": 7}], "reason": "Casse", "confirm": True}
DELIVERY = f"produit;lot;péremption;quantité\nparacétamol 500 mg;LIV-3;{NEXT_YEAR};200"
DOSE = {
    "dci": "paracétamol",
    "from_months": "1 mois",
    "to_months": "12 ans",
    "mg_per_kg_day": "75",
    "source": "OMS",
    "source_on": "2010",
}
INTERACTION = {
    "dci": "paracétamol",
    "other": "amoxicilline",
    "effect": "Un effet écrit pour ces essais",
    "source": "OMS",
    "source_on": "2010",
}
PAIRS = "dci;avec;effet;source;date\nparacétamol;amoxicilline;Un effet;OMS;2010\n"
VACCINE = {
    "dci": "BCG",
    "dose": "1",
    "from_age": "naissance",
    "to_age": "12 mois",
    "source": "PEV",
    "source_on": "2025-07",
}
VACCINES = "vaccin;dose;de;à;source;date\nBCG;1;naissance;12 mois;PEV;07/2025\n"
DOSES = "dci;de;à;mg/kg/j;source;date\namoxicilline;1 mois;12 ans;90;OMS;2010\n"
TABLE = "dci;forme;dosage;unité\nacide tiaprofénique;comprimé;100 mg;comprimé"
PATIENT = {
    "given_name": "Fatou",
    "family_name": "Sow",
    "phone": "77 555 12 34",
    "email": "fatou@exemple.sn",
    "password": "le baobab chante le soir",
    "birth_date": "1990-04-12",
    "sex": "female",
    "city": "Rufisque",
}
CONTACT = {"version": 1, "phone": "77 123 45 67", "email": "awa@demo.fadjma", "pharmacy_id": JAMM}
REGISTERED = {"given_name": "Yacine", "birth_date": "1958", "sex": "female"}
PUT_RIGHT = {"version": 1, "given_name": "Yandé", "family_name": "Sagna", "birth_date": "2/1951", "sex": "female"}
DOCTOR = {
    **{name: PATIENT[name] for name in ("given_name", "family_name", "phone", "email", "password")},
    "role": "doctor",
    "licence_number": "SN-4411",
    "specialty": "Cardiologie",
    "organization_id": CLINIC,
}
STAFF = {
    **{name: DOCTOR[name] for name in DOCTOR if name != "password"},
    "given_name": "Khadim",
    "email": "khadim@exemple.sn",
    "profession": "dentist",
}
SHARED = {"allergies": True, "hours": "24h", "whom": "Dr Ba", "since": "2026-01-01", "until": "2060-01-01"}
CORRECTED = {"version": 1, "licence_number": "SN-1", "specialty": "Pédiatrie", "organization_id": CLINIC}
PHARMACIST = {**DOCTOR, "role": "pharmacist", "specialty": "", "organization_id": KADD}

NEW_PASSWORD = "deux pirogues rentrent à midi"

JAMMS = (NDIAYE, GOMIS)
PROFESSIONALS = (DIOP, SARR, NDIAYE, GOMIS, FALL)
STAFF_OF_CAST = tuple(person for person in CAST if person.role != "patient")

ACTS = [
    Route("/access-requests", DIOP, {"patient_id": MOUSSA.id, "reason": REASON}, created=True, allowed=(SARR,)),
    Route("/access-requests/{pending}/approval", AWA, {"scope": "full", "duration": "7d"}),
    Route("/access-requests/{granted}/approval", AWA, {"scope": "summary", "duration": "24h"}),
    Route("/access-requests/{present}/in-person-approval", DIOP, {"pin": PIN, "scope": "full", "duration": "7d"}),
    Route("/access-requests/{pending}/rejection", AWA, {"reason": "Je ne vous connais pas"}),
    Route("/access-requests/{granted}/revocation", AWA, {"reason": "J'ai changé de médecin"}),
    Route("/access-requests/{pending}/withdrawal", SARR),
    Route("/emergencies/{explaining}/explanation", DIOP, {"text": "Le patient ne parlait plus"}),
    Route("/emergencies/{emergency}/justification", ADMIN, {"text": "Vérifié avec l'équipe"}),
    Route("/emergencies/{emergency}/question", ADMIN, {"text": "Pourquoi sans demande ?"}),
    Route("/emergencies/{emergency}/abuse", ADMIN, {"text": "Aucune urgence ce jour-là"}),
    Route("/patients/awa/accesses/{line}/contest", AWA, {"text": "Je n'étais pas là"}, created=True),
    Route("/contests/{contested}/answer", ADMIN, {"text": "C'était votre visite du matin"}),
    Route("/patients/awa/records", DIOP, RECORD, created=True),
    Route("/patients/awa/measurements", DIOP, WEIGHT, created=True, allowed=(GASSAMA,)),
    Route("/patients/awa/vitals", GASSAMA, VITALS, created=True, allowed=(DIOP,)),
    Route("/measurements/{weight}/error", DIOP, {"reason": "Mauvais patient"}),
    Route("/patients/awa/consultations", DIOP, CONSULTATION, created=True),
    Route("/patients/awa/problems", DIOP, PROBLEM, created=True),
    Route("/patients/awa/vaccinations", DIOP, VACCINATION, created=True),
    Route(
        "/records/{vaccination}/vaccination",
        DIOP,
        {"vaccine": "BCG", "lot": "A12", "version": 1, "reason": "Lot relu"},
        created=True,
    ),
    Route("/patients/awa/test-results", DIOP, RESULT, created=True),
    Route("/records/{result}/test-result", DIOP, {**RESULT, "version": 1, "reason": "Relu"}, created=True),
    Route("/records/{problem}/problem", DIOP, {**PROBLEM, "version": 1, "reason": "Précisée"}, created=True),
    Route("/records/{problem}/ending", DIOP, {"version": 1}, created=True),
    Route("/records/{consultation}/consultation", DIOP, CORRECTED_CONSULTATION, created=True),
    Route("/patients/awa/allergies", DIOP, ALLERGY, created=True),
    Route("/patients/awa/allergies/none-known", DIOP, created=True),
    Route("/records/{allergy}/allergy", DIOP, {**ALLERGY, "version": 1, "reason": "Précisée"}, created=True),
    Route("/records/{record}/versions", DIOP, AMENDED, created=True),
    Route("/records/{record}/error", DIOP, {"reason": "Mauvais patient"}),
    Route("/patients/awa/prescriptions", DIOP, {"lines": [OTHER], "pharmacy_id": JAMM}, created=True),
    Route("/prescriptions/{issued}/validation", NDIAYE, allowed=JAMMS),
    Route("/prescriptions/{validated}/preparation", NDIAYE, allowed=JAMMS),
    Route("/prescriptions/{prepared}/readiness", NDIAYE, allowed=JAMMS),
    Route(
        "/prescriptions/{ready}/delivery",
        NDIAYE,
        {"identity_document": "CNI 1 751 1991 00042", "reason": "Téléphone volé"},
        allowed=JAMMS,
    ),
    Route("/prescriptions/{owed}/rest", NDIAYE, allowed=JAMMS),
    Route("/prescriptions/{owed}/replacement", DIOP, {"line_id": OF_OWED, "lines": [OTHER]}),
    Route("/prescriptions/{owed}/waiting", DIOP),
    Route("/prescriptions/{owed}/line-end", DIOP, {"line_id": OF_OWED, "reason": "Introuvable partout"}),
    Route("/prescriptions/{owed}/undoing", NDIAYE, {"reason": "Mauvaise boîte"}, allowed=JAMMS),
    Route("/prescriptions/{ended}/acknowledgement", NDIAYE, allowed=JAMMS),
    Route("/prescriptions/{issued}/pharmacy", AWA, {"pharmacy_id": KADD}),
    Route("/prescriptions/{asked}/departure", NDIAYE, allowed=JAMMS),
    Route("/prescriptions/{asked}/delivery-acceptance", NDIAYE, allowed=JAMMS),
    Route("/prescriptions/{asked}/delivery-refusal", NDIAYE, {"reason": "Trop loin pour nous"}, allowed=JAMMS),
    Route("/prescriptions/{away}/return", NDIAYE, {"reason": "Personne à l'adresse"}, allowed=JAMMS),
    Route(
        "/prescriptions/{validated}/unsupplied",
        NDIAYE,
        {"line_id": OF_VALIDATED, "shortage": "out_of_stock", "note": "Attendu lundi"},
        allowed=JAMMS,
    ),
    Route("/prescriptions/{validated}/hold", NDIAYE, {"reason": "Stock attendu demain"}, allowed=JAMMS),
    Route("/prescriptions/{validated}/release", NDIAYE, {"reason": "Rupture"}, allowed=JAMMS),
    Route(
        "/prescriptions/{validated}/refusal",
        NDIAYE,
        {"code": "dose", "text": "Dose double de l'usage"},
        allowed=JAMMS,
    ),
    Route("/prescriptions/{issued}/cancellation", DIOP, {"reason": "Traitement changé"}),
    Route("/prescriptions/{issued}/error", DIOP, {"reason": "Mauvais patient"}),
    Route(
        "/prescriptions/{issued}/delivery-request",
        AWA,
        {"address": "12 rue 6, Médina", "phone": "77 123 45 67"},
    ),
    Route("/prescriptions/{asked}/delivery-withdrawal", AWA),
    Route("/prescriptions/{validated}/taking-back", AWA, {"reason": "Trop loin"}),
    Route("/prescriptions/{ready}/code", AWA),
    Route("/prescriptions/{issued}/patient-copy", DIOP),
    Route("/prescriptions/{owed}/renewal", AWA, {"note": "Il ne m'en reste plus"}),
    Route("/prescriptions/{away}/renewal-withdrawal", AWA),
    Route("/prescriptions/{away}/renewal-refusal", DIOP, {"reason": "À revoir d'abord"}),
    Route("/prescriptions/{issued}/set", DIOP, {"name": "Palu"}, created=True),
    Route("/prescription-sets/{favourite}/removal", DIOP),
    Route("/inventory/lots", NDIAYE, LOT, created=True, allowed=(GOMIS, FALL)),
    Route("/inventory/lots/{lot}/adjustments", NDIAYE, COUNT, allowed=JAMMS),
    Route("/inventory/lots/{lot}/expiry", NDIAYE, {"expires_on": NEXT_YEAR}, allowed=JAMMS),
    Route("/inventory/lots/{lot}/blocking", NDIAYE, {"why": "Rappel du fabricant"}, allowed=JAMMS),
    Route("/inventory/lots/{withheld}/unblocking", NDIAYE, allowed=JAMMS),
    Route("/inventory/lots/{shared}/transfers", NDIAYE, {"to_id": KADD, "quantity": 7}, created=True, allowed=JAMMS),
    Route("/inventory/transfers/{coming}/receipt", FALL),
    Route("/inventory/transfers/{coming}/undoing", NDIAYE, allowed=JAMMS),
    Route("/inventory/lots/{given_lot}/recall", NDIAYE, allowed=JAMMS),
    Route("/inventory/lots/{given_lot}/recipients/{owed}/call", NDIAYE, allowed=JAMMS),
    Route("/inventory/products/{product}/threshold", NDIAYE, {"threshold": 40}, quiet=True, allowed=JAMMS),
    Route("/inventory/receipts", NDIAYE, {"text": DELIVERY}, created=True, allowed=(GOMIS, FALL)),
    Route("/inventory/receipts/{delivery}/confirmation", NDIAYE, allowed=JAMMS),
    Route("/inventory/receipts/{receipt}/undoing", NDIAYE, allowed=JAMMS),
    Route("/inventory/counts", NDIAYE, SHEET, created=True, allowed=JAMMS),
    Route("/inventory/choices", NDIAYE, {"shows_cover": True, "version": 1}, allowed=(GOMIS, FALL)),
    Route("/notifications/read", AWA, {"up_to": 3}, allowed=CAST),
    Route("/notifications/{news}/read", AWA),
    Route("/patients", THIAM, REGISTERED, created=True),
    Route("/patients/{registered}", THIAM, PUT_RIGHT),
    Route("/patients/{registered}/pin", THIAM, {"document": DOCUMENT, "pin": PIN}, created=True),
    Route("/patients/{renewed}/reset", THIAM, {"document": DOCUMENT}, created=True),
    Route("/patients/awa/requests/{pending}/attestation", THIAM, {"scope": "full", "document": DOCUMENT}),
    Route("/account/pin", AWA, {"password": PASSWORD, "pin": PIN}, quiet=True, allowed=(MOUSSA,)),
    Route("/account/contact", AWA, CONTACT, quiet=True, allowed=CAST),
    Route(
        "/proxies",
        MOUSSA,
        {"identifier": IDENTIFIERS[AWA.id], "relationship": "spouse", "until": "2060-01-01"},
        created=True,
        allowed=(AWA,),
    ),
    Route(
        "/proxies",
        THIAM,
        {"patient_id": AWA.id, "identifier": IDENTIFIERS[MOUSSA.id], "relationship": "child", "document": DOCUMENT},
        created=True,
    ),
    Route("/patients/awa/exports", AWA, created=True),
    Route("/exports/{export}/removal", AWA),
    Route("/patients/awa/shares", AWA, SHARED, created=True),
    Route("/shares/{share}/revocation", AWA),
    Route("/proxies/{offered}/acceptance", MOUSSA),
    Route("/proxies/{offered}/ending", AWA, allowed=(MOUSSA, THIAM)),
    Route("/acting", AWA, {"person_id": AWA.id}, quiet=True),
    Route("/accounts", ADMIN, STAFF, created=True),
    Route("/accounts/{invited}/reset", ADMIN, {"document": DOCUMENT}, created=True),
    Route("/accounts/{invited}/activation", ADMIN, created=True),
    Route("/accounts/{guarded}/factor-removal", ADMIN, {"reason": "Téléphone volé", "document": DOCUMENT}),
    Route("/accounts/{losing}/factor-removal/confirmation", ADMIN),
    Route("/accounts/{waiting}/verification", ADMIN),
    Route("/accounts/{waiting}/refusal", ADMIN, {"reason": "Numéro inconnu de l'Ordre"}),
    Route("/accounts/{waiting}/correction", ADMIN, CORRECTED),
    Route("/accounts/moussa/deactivation", ADMIN),
    Route("/accounts/{closed}/reactivation", ADMIN),
    Route("/announcements", ADMIN, ANNOUNCEMENT, created=True),
    Route("/announcements/{announced}/withdrawal", ADMIN),
    Route("/patient-links", ADMIN, {"one": IDENTIFIERS[AWA.id], "other": IDENTIFIERS[MOUSSA.id]}, created=True),
    Route("/patient-links/{linked}/ending", ADMIN),
    Route("/organizations", ADMIN, PLACE, created=True),
    Route("/organizations/{place}", ADMIN, {**PLACE, "kind": "clinic", "version": 1}),
    Route("/settings", ADMIN, SETTINGS),
    Route("/organizations/imports", ADMIN, {"text": PLACES}, created=True),
    Route("/organizations/imports/{checked_places}/confirmation", ADMIN),
    Route("/formulary", ADMIN, MEDICINE, created=True),
    Route("/formulary/{medicine}", ADMIN, {**MEDICINE, "version": 1}),
    Route("/formulary/{medicine}/retirement", ADMIN),
    Route("/formulary/{retired}/reinstatement", ADMIN),
    Route("/formulary/imports", ADMIN, {"text": TABLE}, created=True),
    Route("/formulary/imports/{checked}/confirmation", ADMIN),
    Route("/formulary/signature", NDIAYE, quiet=True, allowed=(GOMIS, FALL)),
    Route("/safety-tables/doses", NDIAYE, DOSE, created=True, allowed=PROFESSIONALS),
    Route("/safety-tables/interactions", DIOP, INTERACTION, created=True, allowed=PROFESSIONALS),
    Route("/safety-tables/vaccines", NDIAYE, VACCINE, created=True, allowed=PROFESSIONALS),
    Route("/safety-tables/vaccines/imports", DIOP, {"text": VACCINES}, created=True, allowed=PROFESSIONALS),
    Route("/safety-tables/entries/{entry}/withdrawal", DIOP, {"reason": "Édition de 2024"}, allowed=PROFESSIONALS),
    Route(
        "/safety-tables/signature",
        FALL,
        {"entries": [{"id": ENTRY}], "password": PASSWORD},
        quiet=True,
        allowed=PROFESSIONALS,
    ),
    Route("/safety-tables/doses/imports", NDIAYE, {"text": DOSES}, created=True, allowed=PROFESSIONALS),
    Route("/safety-tables/interactions/imports", DIOP, {"text": PAIRS}, created=True, allowed=PROFESSIONALS),
    Route("/safety-tables/imports/{checked_doses}/confirmation", NDIAYE, allowed=PROFESSIONALS),
    Route("/sessions/{elsewhere}/end", AWA, quiet=True),
    Route("/sessions/end", AWA, quiet=True, allowed=CAST),
    Route("/password", AWA, {"password": PASSWORD, "new_password": NEW_PASSWORD}, quiet=True, allowed=CAST),
    Route("/lock", DIOP, quiet=True, allowed=STAFF_OF_CAST),
    Route("/unlock", DIOP, {"password": PASSWORD}, quiet=True, allowed=CAST),
    Route("/unlock-pin", DIOP, {"password": PASSWORD, "pin": "280614"}, quiet=True, allowed=STAFF_OF_CAST),
    Route("/unlock-pin/removal", DIOP, quiet=True, allowed=STAFF_OF_CAST),
    Route("/activity", AWA, quiet=True, allowed=CAST),
    Route("/prescriptions/{issued}/closing", NDIAYE, quiet=True, allowed=CAST),
    Route("/second-factor/enrolment", AWA, {"password": PASSWORD}, quiet=True, allowed=CAST),
    Route("/recovery-codes", GOMIS, {"password": PASSWORD, "otp": RECOVERY}, quiet=True, allowed=CAST),
    Route("/second-factor/removal", GOMIS, {"password": PASSWORD, "otp": RECOVERY}, quiet=True, allowed=CAST),
    Route("/sign-out", AWA, quiet=True, allowed=CAST),
    Route("/language", AWA, {"language": "en"}, quiet=True, allowed=CAST),
]

READS = [
    Route("/", AWA, allowed=CAST),
    Route("/me", AWA, allowed=CAST),
    Route("/sessions", AWA, allowed=CAST),
    Route("/account", AWA, allowed=CAST),
    Route("/unlock-pin", DIOP, allowed=STAFF_OF_CAST),
    Route("/account/pin", AWA, allowed=(MOUSSA,)),
    Route("/account/contact", AWA, allowed=CAST),
    Route("/people", AWA, allowed=(MOUSSA,)),
    Route("/proxies", AWA, allowed=(MOUSSA,)),
    Route("/proxies?patient_id=moussa", THIAM, allowed=(MOUSSA,)),
    Route("/proxies/{offered}", AWA, allowed=(MOUSSA, THIAM)),
    Route("/second-factor", AWA, allowed=CAST),
    Route("/second-factor/enrolment", AWA, allowed=CAST),
    Route("/recovery-codes", GOMIS, allowed=CAST),
    Route("/notifications", AWA, allowed=CAST),
    Route("/notifications/poll?after=0", AWA, allowed=CAST),
    Route("/search?q=c", AWA, allowed=CAST),
    Route("/patients", DIOP, allowed=(SARR, THIAM, GASSAMA)),
    Route("/patients?q=FJ-7K2MQ-0XW4D", DIOP, allowed=(SARR, THIAM, GASSAMA)),
    Route("/patients/new", THIAM),
    Route("/patients/{registered}", THIAM),
    Route("/patients/{registered}/pin", THIAM),
    Route("/patients/{renewed}/slip", THIAM),
    Route("/patients/moussa/card", THIAM, allowed=(MOUSSA,)),
    Route("/patients/awa/records", AWA, allowed=(DIOP, GASSAMA)),
    Route("/patients/awa/records/new", DIOP, allowed=(AWA,)),
    Route("/patients/awa/consultations/new", DIOP, allowed=(AWA,)),
    Route("/patients/awa/measurements", AWA, allowed=(DIOP, GASSAMA)),
    Route("/patients/awa/papers", AWA, allowed=(DIOP, GASSAMA)),
    Route("/patients/awa/papers/new", DIOP, allowed=(AWA, GASSAMA)),
    Route("/patients/awa/allergies", AWA, allowed=(DIOP, GASSAMA)),
    Route("/patients/awa/test-results/new", DIOP, allowed=(AWA,)),
    Route("/patients/awa/vaccinations/new", DIOP, allowed=(AWA,)),
    Route("/vaccination-recalls", THIAM),
    Route("/patients/awa/problems", AWA, allowed=(DIOP, GASSAMA)),
    Route("/patients/awa/safety?medicine_id=paracetamol-500", DIOP),
    Route("/allergens?substance=amo", DIOP, allowed=(DIOP, SARR)),
    Route("/measurements/{weight}", AWA, allowed=(DIOP, GASSAMA)),
    Route("/patients/awa/accesses", AWA),
    Route("/patients/awa/file", AWA),
    Route("/exports/{export}", AWA),
    Route("/shares/{share}", AWA),
    Route("/patients/awa/prescriptions/new", DIOP),
    Route("/patients/awa/accesses/{line}", AWA),
    Route("/emergencies", ADMIN),
    Route("/emergencies/{emergency}", ADMIN),
    Route("/contests", AWA, allowed=(MOUSSA, ADMIN)),
    Route("/contests/{contested}", AWA, allowed=(ADMIN,)),
    Route("/audit", ADMIN),
    Route("/seals", ADMIN),
    Route("/announcements", AWA, allowed=CAST),
    Route("/announcements/new", ADMIN),
    Route("/announcements/{announced}", AWA, allowed=CAST),
    Route("/audit?by=diop&about=awa&kind=files", ADMIN),
    Route("/access-requests", AWA, allowed=CAST),
    Route("/access-requests/new?patient=awa", SARR, allowed=(DIOP,)),
    Route("/access-requests/{pending}", AWA, allowed=(SARR,)),
    Route("/records/{record}", AWA, allowed=(DIOP, GASSAMA)),
    Route("/prescriptions", NDIAYE, allowed=CAST),
    Route("/prescriptions/{ready}", NDIAYE, allowed=(*JAMMS, AWA, DIOP, GASSAMA)),
    Route("/prescriptions/{open}", FALL, allowed=(*JAMMS, AWA, DIOP, GASSAMA)),
    Route("/prescriptions/{prepared}/labels", NDIAYE, allowed=JAMMS),
    Route(f"/prescriptions/{{owed}}/replacement?line={OF_OWED}", DIOP),
    Route("/dispensing-register", NDIAYE, allowed=(GOMIS, FALL)),
    Route("/handovers", NDIAYE, allowed=(GOMIS, FALL, ADMIN)),
    Route("/handovers/{handover}", NDIAYE, allowed=(*JAMMS, ADMIN)),
    Route("/prescriptions/{ready}/paper", NDIAYE, allowed=(*JAMMS, AWA, DIOP, GASSAMA)),
    Route("/prescriptions/{ready}/paper?copy=patient&size=a4", AWA, allowed=(*JAMMS, DIOP, GASSAMA)),
    Route("/medicines?q=para", DIOP, allowed=CAST),
    Route("/posology?dosage=1x3/j", DIOP, allowed=(DIOP, SARR)),
    Route("/prescription-sets", DIOP, allowed=(SARR,)),
    Route("/prescription-sets/{favourite}", DIOP),
    Route("/inventory", NDIAYE, allowed=(GOMIS, FALL)),
    Route("/inventory/lots/new", NDIAYE, allowed=(GOMIS, FALL)),
    Route("/inventory/lots/{lot}", NDIAYE, allowed=JAMMS),
    Route("/inventory/lots/{lot}/recipients", NDIAYE, allowed=JAMMS),
    Route("/inventory/lots/{given_lot}/recipients/{owed}", NDIAYE, allowed=JAMMS),
    Route("/recalls/{recalled}", AWA),
    Route("/inventory/products/{product}", NDIAYE, allowed=JAMMS),
    Route("/inventory/choices", NDIAYE, allowed=(GOMIS, FALL)),
    Route("/inventory/consumption", NDIAYE, allowed=(GOMIS, FALL)),
    Route("/inventory/coverage", DIOP, allowed=(SARR,)),
    Route("/prescriptions/{issued}/pharmacies", AWA),
    Route("/inventory/counts", NDIAYE, allowed=(GOMIS, FALL)),
    Route("/inventory/counts/new", NDIAYE, allowed=(GOMIS, FALL)),
    Route("/inventory/counts/{count}", NDIAYE, allowed=JAMMS),
    Route("/inventory/receipts", NDIAYE, allowed=(GOMIS, FALL)),
    Route("/inventory/receipts/new", NDIAYE, allowed=(GOMIS, FALL)),
    Route("/inventory/receipts/{receipt}", NDIAYE, allowed=JAMMS),
    Route("/inventory/transfers", NDIAYE, allowed=(GOMIS, FALL)),
    Route("/inventory/transfers/{coming}", NDIAYE, allowed=(GOMIS, FALL)),
    Route("/accounts", ADMIN),
    Route("/administration", ADMIN),
    Route("/patient-links", ADMIN),
    Route("/patient-links/new", ADMIN),
    Route("/patient-links/{linked}", ADMIN),
    Route("/organizations", AWA, allowed=CAST),
    Route("/organizations/new", ADMIN),
    Route("/organizations/{place}", AWA, allowed=CAST),
    Route("/organizations/imports/new", ADMIN),
    Route("/organizations/imports/{checked_places}", ADMIN),
    Route("/formulary", ADMIN, allowed=(NDIAYE, GOMIS, FALL)),
    Route("/formulary?q=profenid", ADMIN, allowed=(NDIAYE, GOMIS, FALL)),
    Route("/formulary/new", ADMIN),
    Route("/formulary/{medicine}", ADMIN, allowed=(NDIAYE, GOMIS, FALL)),
    Route("/formulary/imports/new", ADMIN),
    Route("/formulary/imports/{checked}", ADMIN),
    Route("/safety-tables", NDIAYE, allowed=PROFESSIONALS),
    Route("/safety-tables?status=unsigned", DIOP, allowed=PROFESSIONALS),
    Route("/safety-tables/doses/new", NDIAYE, allowed=PROFESSIONALS),
    Route("/safety-tables/interactions/new", DIOP, allowed=PROFESSIONALS),
    Route("/safety-tables/vaccines/new", DIOP, allowed=PROFESSIONALS),
    Route("/safety-tables/vaccines/imports/new", DIOP, allowed=PROFESSIONALS),
    Route("/safety-tables/entries/{entry}", NDIAYE, allowed=PROFESSIONALS),
    Route("/safety-tables/signature", NDIAYE, allowed=PROFESSIONALS),
    Route("/safety-tables/doses/imports/new", NDIAYE, allowed=PROFESSIONALS),
    Route("/safety-tables/interactions/imports/new", DIOP, allowed=PROFESSIONALS),
    Route("/safety-tables/imports/{checked_doses}", NDIAYE, allowed=PROFESSIONALS),
    Route("/accounts/new", ADMIN),
    Route("/accounts/{invited}", ADMIN),
    Route("/accounts/{invited}/slip", ADMIN),
    Route("/accounts/{guarded}/factor-removal", ADMIN),
    Route("/security-events", ADMIN),
    Route("/settings", ADMIN),
    Route("/witnessed-approvals", ADMIN),
    Route("/monitoring", ADMIN),
]
ROWS = [
    Route("/records/{record}/row", AWA, allowed=(DIOP, GASSAMA)),
    Route("/prescriptions/{ready}/row", NDIAYE, allowed=(*JAMMS, AWA, DIOP, GASSAMA)),
    Route("/prescriptions/steps", NDIAYE, allowed=(GOMIS, FALL)),
]
PUBLIC = ["/sign-in", "/activation", "/register", "/register/practitioner", "/health", "/offline"]
# Of half a session, of a locked one, or with what only an authenticator says: test_second_factor.py, test_passkeys.py.
STEPWISE = {
    "/sign-in/factor": {"otp": "000000"},
    "/second-factor/confirmation": {"otp": "000000"},
    "/passkeys/options": {"password": PASSWORD},
    "/passkeys": {"credential": "{}"},
    "/passkeys/0/removal": {"password": PASSWORD},
    "/sign-in/passkey/options": {},
    "/sign-in/passkey": {"credential": "{}"},
    "/unlock/passkey/options": {},
    "/unlock/passkey": {"credential": "{}"},
    "/monitoring/clock": {"day": "2026-11-24"},  # which is today: test_wrong_clock.py
    "/open/0": {"code": "000000"},  # test_links_for_another_doctor.py
    "/open/0/closing": {},
    "/patients/0/papers": {"type": "test_result", "title": "Numération"},  # test_papers.py
    "/patients/0/papers/uploads": {"size": 1, "hash": "0" * 64, "type": "test_result", "title": "Numération"},
    "/papers/0/pages": {},  # test_pages_of_papers.py
    "/papers/0/pages/uploads": {"size": 1, "hash": "0" * 64},
}
SIGNED_OUT_ACTS = {
    "/sign-in": {"login": "awa@demo.fadjma", "password": PASSWORD},
    "/api/token": {"email": "awa@demo.fadjma", "password": PASSWORD},
    "/activation": {"code": slips.code_of(SLIP_KEY, SLIP), "password": NEW_PASSWORD},
    "/register": PATIENT,
    "/register/practitioner": DOCTOR,
}
