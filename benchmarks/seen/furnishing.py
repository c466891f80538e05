"""What the demo's year leaves out: a nurse, a front desk, somebody's first visit, a contest, a link, files to import…

Everything is done with the program's own actions, a minute apart, by the demo's people.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import timedelta
from typing import Any

import pyotp

from fadjma.access import actions as access
from fadjma.access import reviewing
from fadjma.accounts import actions as accounts
from fadjma.accounts import factor_removal, second_factor
from fadjma.announcements import actions as announcements
from fadjma.days import day
from fadjma.family import actions as family
from fadjma.identity import passwords, places, second_factors, sessions
from fadjma.identity.credentials import derive_key
from fadjma.identity.enrolment import NewPerson
from fadjma.identity.patients import Facts as Identity
from fadjma.identity.people import Role, Viewer
from fadjma.identity.places import Facts as PlaceFacts
from fadjma.inventory import actions as inventory
from fadjma.inventory import counting, deliveries, listing, receiving, transfers, withholding
from fadjma.inventory.counting import Counted
from fadjma.inventory.formulary import Facts as Medicine
from fadjma.linking import actions as linking
from fadjma.papers import actions as papers
from fadjma.papers.intake import Taken
from fadjma.places import actions as organizations
from fadjma.places import importing
from fadjma.prescriptions import actions as prescriptions
from fadjma.prescriptions import dispensing, recall, setbacks, sets
from fadjma.prescriptions.actions import NewLine
from fadjma.reception import actions as reception
from fadjma.records import measuring
from fadjma.safety import importing as safety_files
from fadjma.safety import signing
from fadjma.safety.tables import Facts as Row
from fadjma.store import Transaction
from fadjma.taking import exports, shares
from fadjma.taking.scope import Scope
from fadjma.web import drafts

AWA, MOUSSA = "awa@demo.fadjma", "moussa@demo.fadjma"
DIOP, SARR = "dr.diop@demo.fadjma", "dr.sarr@demo.fadjma"
NDIAYE, ADMIN = "pharma.ndiaye@demo.fadjma", "admin@demo.fadjma"
DESK, NURSE = "accueil@demo.fadjma", "soins@demo.fadjma"
NEWCOMER, GUARDED = "nouvelle@demo.fadjma", "dr.garde@demo.fadjma"
_MINUTE, _DAY = 60_000, 24 * 3_600_000
_DOCUMENT = "CNI 1 751 1991 00042"
_LONG_GIVEN, _LONG_FAMILY = "Khadidiatou Marie-Antoinette", "Andrianampoinimerina"


class House:
    """The demo's people, who do things one after the other."""

    def __init__(self, tx: Transaction, secret_key: str) -> None:
        self.tx = tx
        self._end, self._secret_key = tx.now, secret_key
        tx.now -= 3 * 3_600_000

    def __call__(self, action: Callable[..., Any], who: str, *args: Any, **kwargs: Any) -> str:
        """Done by whoever has this e-mail address, a minute after what was done before."""
        self.tx.now += _MINUTE
        done: str = action(self.tx, self.person(who), *args, **kwargs)
        return done

    def person(self, email: str) -> Viewer:
        found = sessions.viewer(
            self.tx, sessions.start(self.tx, self.id(email), kind="token", address="127.0.0.1", agent="bench")
        )
        assert found
        return found

    def id(self, email: str) -> str:
        return self.one("SELECT id FROM users WHERE email = :email", email=email)

    def one(self, sql: str, **values: Any) -> str:
        found = self.tx.value(sql, values)
        assert found, (sql, values)
        return str(found)

    def key(self, purpose: str) -> bytes:
        return derive_key(self._secret_key, purpose)

    def newcomer(self, given_name: str, family_name: str, email: str) -> NewPerson:
        """Somebody new, with the password of all."""
        password_hash = self.one("SELECT password_hash FROM users WHERE email = :email", email=AWA)
        return NewPerson(
            given_name=given_name, family_name=family_name, email=email, phone=None, password_hash=password_hash
        )

    def close(self) -> None:
        """Let it be now again, and take away the sessions in which all this was done."""
        self.tx.now = self._end
        self.tx.execute("DELETE FROM sessions WHERE agent = 'bench'")


def furnish(tx: Transaction, secret_key: str, *, long_names: bool = False) -> Mapping[str, str]:
    """Add to the demo's database; gives the ids that the addresses of sights.py name.

    `long_names`: everybody's has more than forty letters.
    """
    house = House(tx, secret_key)
    found = {
        **_people(house),
        **_accesses(house),
        **_prescriptions(house),
        **_stock(house),
        **_desk(house),
        **_administration(house),
        **_taken(house, secret_key),
    }
    _begin_a_record(house)
    if long_names:
        names = {"given": _LONG_GIVEN, "family": _LONG_FAMILY}
        tx.execute("UPDATE users SET given_name = :given, family_name = :family", names)
    house.close()
    return found


def _taken(house: House, secret_key: str) -> dict[str, str]:
    awa, key = house.id(AWA), derive_key(secret_key, shares.PURPOSE)
    export = house(exports.ask, AWA, awa, Scope(), drop=lambda export_id: None)
    exports.finish(house.tx, export, awa, 1_400_000)
    some = Scope.of(("allergies", "problems", "treatments"), since="2026-01-01")
    share = house(shares.make, AWA, awa, some, whom="Dr Ba, à Thiès", hours=24, key=key)
    return {"export": export, "share": share, "link": shares.token_of(key, share)}


def _people(house: House) -> dict[str, str]:
    clinic = house.one("SELECT organization_id FROM practitioners WHERE user_id = :id", id=house.id(DIOP))
    _employ(house, "receptionist", house.newcomer("Bineta", "Thiam", DESK), clinic)
    _employ(house, "nurse", house.newcomer("Lassana", "Gassama", NURSE), clinic)
    _employ(house, "doctor", house.newcomer("Sokhna", "Guissé", GUARDED), clinic)
    guarded = house.id(GUARDED)
    recovery = _protect(house, guarded)
    accounts.register_patient(
        house.tx, house.newcomer("Ndèye", "Sagna", NEWCOMER), birth_date="1996-02-11", sex="female", city="Mbour"
    )
    invited = _employ(house, "doctor", house.newcomer("Khady", "Sène", "sf.sene@demo.fadjma"), clinic, "midwife", False)
    return {
        "awa": house.id(AWA),
        "moussa": house.id(MOUSSA),
        "place": clinic,
        "guarded": guarded,
        "recovery": recovery,
        "invited": invited,
        "doctor": house.id(SARR),
        "waiting": house.one("SELECT id FROM users WHERE status = 'pending' AND role = 'doctor'"),
    }


def _employ(
    house: House, role: Role, person: NewPerson, place: str, profession: str | None = None, activated: bool = True
) -> str:
    licence = "ONMS 5120" if role == "doctor" else ""
    known = {"licence_number": licence, "specialty": "", "profession": profession, "organization_id": place}
    made = house(accounts.create_account, ADMIN, person, role, key=house.key("slips"), **known)
    if activated:
        passwords.put(house.tx, made, person.password_hash)
        house.tx.execute("DELETE FROM slips WHERE user_id = :id", {"id": made})
    return made


def _protect(house: House, person_id: str) -> str:
    """This doctor has an authenticator; gives a recovery code."""
    key = house.key("second_factor")
    second_factors.begin(house.tx, person_id, key=key)
    enrolment = second_factors.enrolment(house.tx, person_id, key=key)
    assert enrolment
    code = pyotp.TOTP(enrolment.secret).generate_otp(house.tx.now // second_factors.STEP)
    second_factor.confirm(house.tx, house.person(GUARDED), code, key=key, address="127.0.0.1")
    code_id = house.one("SELECT min(id) FROM recovery_codes WHERE user_id = :id", id=person_id)
    return second_factors.recovery_code(key, code_id)


def _accesses(house: House) -> dict[str, str]:
    awa = house.id(AWA)
    granted = house(access.ask, DIOP, patient_id=awa, reason="Suivi de la tension", scope="full")
    house(access.approve, AWA, granted, scope="full", duration=30 * _DAY)
    emergency = house(access.open_emergency, SARR, patient_id=house.id(MOUSSA), reason="Malaise", code="unconscious")
    explaining = house(
        access.open_emergency, DIOP, patient_id=house.id(NEWCOMER), reason="Chute d'un toit", code="life_threat"
    )
    house(reviewing.question, ADMIN, explaining, text="Pourquoi sans lui demander ?")
    line = "SELECT max(id) FROM audit_events WHERE patient_id = :awa AND action = 'access_request.created'"
    contested = house.one(line, awa=awa)
    house(reviewing.contest, AWA, awa, contested, text="Je ne connais pas ce médecin.")
    accepted = house(family.offer, AWA, identifier=_identifier(house, MOUSSA), relationship="sibling")
    house(family.accept, MOUSSA, accepted)
    running = "SELECT id FROM access_requests WHERE doctor_id = :diop AND patient_id = :moussa AND status = 'approved'"
    left = house.one(running, diop=house.id(DIOP), moussa=house.id(MOUSSA))
    house(access.revoke, MOUSSA, left, reason="J'ai changé de médecin")
    ended = "SELECT max(id) FROM access_requests WHERE doctor_id = :diop AND status = 'expired'"
    return {
        "granted": granted,
        "pending": house(access.ask, SARR, patient_id=awa, reason="Douleurs thoraciques depuis lundi", scope="full"),
        "emergency": emergency,
        "explaining": explaining,
        "contested": contested,
        "line": house.one(f"{line} AND id <> :contested", awa=awa, contested=contested),
        "accepted": accepted,
        "offered": house(family.offer, AWA, identifier=_identifier(house, NEWCOMER), relationship="child"),
        "expired": house.one(ended, diop=house.id(DIOP)),
        "revoked": left,
        "followed": house.one(
            "SELECT patient_id FROM access_requests WHERE doctor_id = :diop AND patient_id <> :awa AND scope = 'full'"
            " AND status = 'approved'",
            diop=house.id(DIOP),
            awa=awa,
        ),
        "past": house.one(
            "SELECT max(id) FROM access_requests WHERE patient_id = :awa AND status = 'expired'", awa=awa
        ),
    }


def _identifier(house: House, email: str) -> str:
    return house.one("SELECT identifier FROM patients WHERE user_id = :id", id=house.id(email))


def _prescriptions(house: House) -> dict[str, str]:
    """One of Awa's at every step; what else is needed of her file."""
    awa, jamm = house.id(AWA), house.person(NDIAYE).organization_id
    medicine = house.one(
        "SELECT p.medicine_id FROM products p JOIN lots l ON l.product_id = p.id WHERE p.pharmacy_id = :jamm"
        " AND l.expires_on > :soon ORDER BY l.on_hand - l.reserved DESC",
        jamm=jamm,
        soon=(day(house.tx.now) + timedelta(days=30)).isoformat(),
    )
    lines = [NewLine(medicine, "1 comprimé matin et soir", 2, 1)]
    steps: tuple[Callable[..., str], ...] = (dispensing.validate, dispensing.prepare, dispensing.mark_ready)
    found = {"perished": house(prescriptions.issue, DIOP, awa, lines=lines, pharmacy_id=jamm)}
    for step in steps:  # of the lot that is recalled then; the others are of another
        house(step, NDIAYE, found["perished"])
    found |= _handed_over(house, house(prescriptions.issue, DIOP, awa, lines=lines, pharmacy_id=jamm), steps)
    expires_on = (day(house.tx.now) + timedelta(days=400)).isoformat()
    house(inventory.receive, NDIAYE, medicine_id=medicine, number="SUITE-1", expires_on=expires_on, quantity=100)
    for name, done in (("issued", 0), ("validated", 1), ("prepared", 2), ("ready", 3), ("asked", 3), ("away", 3)):
        found[name] = house(prescriptions.issue, DIOP, awa, lines=lines, pharmacy_id=jamm)
        for step in steps[:done]:
            house(step, NDIAYE, found[name])
    for name in ("asked", "away"):
        where = {"address": "12 rue 6, Médina", "phone": "+221771234567"}
        house(prescriptions.request_delivery, AWA, found[name], **where)
    house(dispensing.depart, NDIAYE, found["away"])
    for name in ("held", "refused"):
        found[name] = house(prescriptions.issue, DIOP, awa, lines=lines, pharmacy_id=jamm)
        house(dispensing.validate, NDIAYE, found[name])
    house(dispensing.hold, NDIAYE, found["held"], reason="Le médecin rappelle")
    found["lacking"] = house.one("SELECT id FROM prescription_lines WHERE prescription_id = :id", id=found["held"])
    house(setbacks.cannot_supply, NDIAYE, found["held"], line_id=found["lacking"], code="out_of_stock", text="Lundi")
    house(dispensing.refuse, NDIAYE, found["refused"], code="dose", text="Dose double de l'usage : est-ce voulu ?")
    found["open"] = house(prescriptions.issue, DIOP, awa, lines=lines, pharmacy_id=None)
    found["cancelled"] = house(prescriptions.issue, DIOP, awa, lines=lines, pharmacy_id=jamm)
    house(prescriptions.cancel, DIOP, found["cancelled"], reason="Traitement changé")
    found["set"] = house(sets.keep, DIOP, found["cancelled"], name="Contrôle de la tension")
    weight = {"code": "body_weight", "value": 63_000, "measured_on": "2026-03-02"}
    said = papers.Said("test_result", "Numération", "", "2026-03-02")
    paper = house(papers.add, DIOP, awa, said, Taken("application/pdf", "0" * 64, 9_000, None, None, 2, None))
    own = papers.Said("document", "Bilan de Kaolack", "", "2026-02-20")
    brought = house(papers.add, AWA, awa, own, Taken("application/pdf", "1" * 64, 9_000, None, None, 1, None))
    house(papers.add_page, AWA, brought, Taken("application/pdf", "2" * 64, 9_000, None, None, 1, None))
    of_awa = "SELECT id FROM records WHERE patient_id = :awa AND type = :type ORDER BY id DESC"
    return found | {
        "paper": paper,
        "brought": brought,
        "paper_record": house.one("SELECT record_id FROM papers WHERE id = :id", id=paper),
        "weight": house(measuring.measure, DIOP, awa, **weight),
        "record": house.one(of_awa, awa=awa, type="consultation"),
        "allergy": house.one(of_awa, awa=awa, type="allergy"),
        "delivered": house.one(
            "SELECT max(id) FROM prescriptions WHERE patient_id = :awa AND status = 'delivered'", awa=awa
        ),
        "lot": house.one(
            "SELECT l.id FROM lots l JOIN products p ON p.id = l.product_id WHERE p.pharmacy_id = :jamm"
            " AND p.medicine_id = :medicine ORDER BY l.reserved DESC",
            jamm=jamm,
            medicine=medicine,
        ),
        "product": house.one(
            "SELECT id FROM products WHERE pharmacy_id = :jamm AND medicine_id = :medicine",
            jamm=jamm,
            medicine=medicine,
        ),
    }


def _handed_over(house: House, given: str, steps: Sequence[Callable[..., str]]) -> dict[str, str]:
    """What was handed over without the code, and its lot, which is recalled."""
    for step in steps:
        house(step, NDIAYE, given)
    seen = {"identity_kind": "passport", "identity_document": "A 02 754 119", "reason": "Téléphone volé"}
    house(dispensing.deliver, NDIAYE, given, key=b"", **seen)
    lot = house.one(
        "SELECT max(h.lot_id) FROM dispense_lines h JOIN dispenses d ON d.id = h.dispense_id "
        "WHERE d.prescription_id = :given",
        given=given,
    )
    house(recall.tick, NDIAYE, lot, given)
    handover = house.one("SELECT id FROM dispenses WHERE prescription_id = :given", given=given)
    told = house.one("SELECT id FROM recall_notices WHERE lot_id = :lot", lot=lot)
    return {"given": given, "given_lot": lot, "handover": handover, "recalled": told}


def _stock(house: House) -> dict[str, str]:
    """An order that was read, another that was received, and its lot counted."""
    expires_on = (day(house.tx.now) + timedelta(days=400)).isoformat()
    found = {}
    for name, number in (("order", "LIV-1"), ("receipt", "LIV-2")):
        lines = {2: deliveries.Line(number, expires_on, 120)}
        table = deliveries.Table({2: deliveries.Name("paracétamol 500 mg, comprimé", "")}, lines)
        found[name] = house(receiving.check, NDIAYE, table)
    house(receiving.confirm, NDIAYE, found["receipt"])
    lot = house.one("SELECT id FROM lots WHERE number = 'LIV-2'")
    counted = [Counted("", lot, 1, 117)]
    found["count"] = house(counting.record, NDIAYE, counted, reason="Casse", confirmed=True)
    return {**found, **_sent(house, lot)}


def _sent(house: House, lot: str) -> dict[str, str]:
    """A branch of the pharmacy is sent some of a lot, and what is left of it is withheld."""
    own = house.one("SELECT id FROM organizations WHERE name = 'Pharmacie Jamm'")
    branch = house.one("SELECT id FROM organizations WHERE name = 'Pharmacie Keur Téranga'")
    place = places.place(house.tx, branch)
    facts = PlaceFacts(**{field.name: getattr(place, field.name) for field in fields(PlaceFacts)})
    house(organizations.change, ADMIN, branch, replace(facts, part_of=own), version=place.version)
    transfer = house(transfers.send, NDIAYE, lot, to_id=branch, quantity=7)
    return {"transfer": transfer, "withheld": house(withholding.withhold, NDIAYE, lot, reason="Rappel du fabricant")}


def _desk(house: House) -> dict[str, str]:
    unknown = Identity(
        given_name="Yandé", family_name="", birth_date="1951", sex="female", city="Fatick", phone=None, email=None
    )
    registered = house(reception.register, DESK, unknown)
    long = replace(unknown, given_name=_LONG_GIVEN, family_name=_LONG_FAMILY, birth_date="1984-09-30", phone=None)
    called_long = house(reception.register, DESK, long)
    renewed = house(reception.register, DESK, replace(unknown, given_name="Dieynaba", phone="+221775550077"))
    issued = {"document": _DOCUMENT, "key": house.key("slips"), "nobodys_hash": "no hash", "address": "-"}
    house(reception.reset_password, DESK, renewed, **issued)
    house(reception.give_pin, DESK, registered, document=_DOCUMENT, chosen="407192", key=house.key("patient_pins"))
    return {
        "registered": registered,
        "long": called_long,
        "renewed": renewed,
        "present": house(access.ask, DIOP, patient_id=registered, reason="Elle est là", scope="full"),
        "identifier": _identifier(house, AWA),
    }


def _administration(house: House) -> dict[str, str]:
    one, other = (
        house.one("SELECT identifier FROM patients WHERE user_id = :id", id=house.id(email))
        for email in (NEWCOMER, MOUSSA)
    )
    ketoprofen = Medicine(dci="kétoprofène", form="gélule", strength="50 mg", unit="gélule", brands="Profénid")
    alprazolam = Medicine(dci="alprazolam", form="comprimé", strength="0,25 mg", unit="comprimé", schedule="list_1")
    post = PlaceFacts(kind="clinic", name="Poste de santé", address="rue 4", city="Mbour", phone="+221339571234")
    dose = Row(
        kind="dose", dci="paracétamol", from_months=1, to_months=12, mg_per_kg_day=6000, source="OMS", source_on="2012"
    )
    power = {"audience": "everybody", "title": "Coupure de courant", "body": "Samedi de 8h à 10h : pas de connexion."}
    second_admin = accounts.create_admin(house.tx, house.newcomer("Mariama", "Faye", "admin2@demo.fadjma"))
    assert second_admin
    asked = {"reason": "Téléphone volé", "document": _DOCUMENT, "address": "-"}
    house(factor_removal.ask, "admin2@demo.fadjma", house.id(GUARDED), **asked)
    return {
        "announced": house(announcements.publish, ADMIN, **power),
        "linked": house(linking.link, ADMIN, one=one, other=other),
        "medicine": house.one("SELECT id FROM medicines WHERE dci LIKE 'amoxicilline%' ORDER BY id"),
        "retired": house(listing.retire, ADMIN, house(listing.add, ADMIN, ketoprofen)),
        "checked": house(listing.check, ADMIN, {2: alprazolam.columns()}),
        "checked_places": house(importing.check, ADMIN, {2: asdict(post)}),
        "entry": house(signing.add, NDIAYE, dose),
        "checked_doses": house(safety_files.check, NDIAYE, {2: replace(dose, from_months=12, to_months=24)}),
    }


def _begin_a_record(house: House) -> None:
    """Dr Diop has typed some of it, and left."""
    place = drafts.place_of(f"/patients/{house.id(AWA)}/records", {})
    fields = {"title": "Contrôle de la tension", "body": "Tension 14/8 au repos."}
    who = drafts.Writer(house.id(DIOP), house.id(DIOP))
    drafts.save(house.tx, who, place, fields, key=house.key("drafts"))
