"""Allergies with fields of their own: who notes them, what is recognised, and the three states that are told apart."""

import pytest
from cast import ADMIN, AMOXICILLIN, AWA, DIOP, FALL, GASSAMA, NDIAYE, PARACETAMOL, SARR, THIAM
from steps import grant, validated, write_record
from store import Clock, Store

from fadjma.identity.people import Viewer
from fadjma.records import actions, allergens, allergies, noting, queries
from fadjma.records.allergies import Allergies, Allergy, Facts
from fadjma.refusals import Conflict, Doubtful, Forbidden, Invalid, NotFound, NotNow

PENICILLINS = Facts("medicine", "pénicilline", reaction="urticaire", severity="severe")


def _known(store: Store, at: int | None = None) -> Allergies:
    return store.read(allergies.of_patient, AWA.id, at)


def _atc(store: Store, dci: str, atc: str) -> None:
    store.connection.execute("UPDATE medicines SET atc = ? WHERE dci = ?", (atc, dci))


def _note(store: Store, facts: Facts = PENICILLINS, by: Viewer = DIOP, *, confirmed: bool = False) -> str:
    return store.write(noting.note, by, AWA.id, facts=facts, confirmed=confirmed)


def _facts(store: Store) -> Facts:
    [one] = _known(store).active
    assert one.facts
    return one.facts


def test_a_family_is_known_by_its_name_and_a_medicine_by_its_codes(store: Store) -> None:
    grant(store)
    _note(store)
    assert (_facts(store).kind, _facts(store).atc, _known(store).titles) == ("class", "J01C", ("Pénicilline",))
    _atc(store, "amoxicilline", "J01CA04")
    _note(store, Facts("medicine", "Amoxicilline"))
    assert [(one.title, one.facts and one.facts.atc) for one in _known(store).active][1] == ("Amoxicilline", "J01CA04")


def test_a_medicine_that_nobody_knows_is_asked_back_and_then_compared_by_name(store: Store) -> None:
    grant(store)
    with pytest.raises(Doubtful) as doubt:
        _note(store, Facts("medicine", "pénicillinne"))
    assert doubt.value.errors.keys() == {"substance"}
    _note(store, Facts("medicine", "pénicillinne"), confirmed=True)
    assert not _facts(store).comparable
    assert _known(store).state == "known"


@pytest.mark.parametrize(
    ("said", "kind", "atc"),
    [
        ("AINS", "class", "M01A M02AA N02BA B01AC06"),
        ("pénicilline G", "class", "J01C"),
        ("Bêta-lactamines", "class", "J01C J01D"),
        ("IEC", "class", "C09A C09B"),
        ("aspirine 500 mg", "medicine", "B01AC06 N02BA01"),
        ("Augmentin 1 g/125 mg", "medicine", "J01CR02"),
        ("amoxicilline 500 mg", "medicine", "J01CA04"),
        ("Sulfaméthoxazole", "medicine", "J01EE01"),
        ("amodiaquine", "medicine", "P01BA06"),
        ("hiconcil", "medicine", "J01CA04"),
    ],
)
def test_what_people_call_it_is_known(store: Store, said: str, kind: str, atc: str) -> None:
    grant(store)
    store.connection.execute("UPDATE medicines SET atc = 'J01CA04' WHERE dci = 'amoxicilline'")
    store.connection.execute(
        "UPDATE medicines SET brands = 'Bristamox, Hiconcil', brands_key = 'bristamox hiconcil' WHERE id = ?",
        (AMOXICILLIN,),
    )
    store.connection.execute(
        "UPDATE medicines SET dci = 'sulfaméthoxazole + triméthoprime', atc = 'J01EE01', "
        "search_key = 'sulfamethoxazole trimethoprime' WHERE id = ?",
        (PARACETAMOL,),
    )
    _note(store, Facts("medicine", said))
    assert (_facts(store).kind, _facts(store).atc) == (kind, atc)


@pytest.mark.parametrize(
    ("said", "kind"), [("Amoxicilline", "medicine"), ("AINS", "class"), ("Pénicilline", "class"), ("latex", "other")]
)
def test_a_medicine_that_is_called_something_else_is_one_all_the_same(store: Store, said: str, kind: str) -> None:
    """« Autre » is chosen in a hurry: nothing would be compared with it, and nobody would be told."""
    grant(store)
    _atc(store, "amoxicilline", "J01CA04")
    _note(store, Facts("other", said))
    assert _facts(store).kind == kind
    assert bool(_facts(store).reach) is (kind != "other")


def test_a_substance_that_the_list_has_not_is_compared_by_its_family(store: Store) -> None:
    grant(store)
    _note(store, Facts("medicine", "pipéracilline"))
    assert (_facts(store).comparable, _facts(store).reach) == (True, ("J01C",))


def test_of_a_food_nothing_is_asked(store: Store) -> None:
    grant(store)
    _note(store, Facts("food", "arachide"))
    assert (_facts(store).kind, _facts(store).atc, _facts(store).comparable) == ("food", "", True)


@pytest.mark.parametrize("typed", ["J1C", "J01CA0", "penicilline", "J01C X"])
def test_a_code_that_is_none_is_refused(store: Store, typed: str) -> None:
    grant(store)
    with pytest.raises(Invalid) as refusal:
        _note(store, Facts("class", "bêtalactamines", atc=typed))
    assert refusal.value.errors.keys() == {"atc"}


def test_codes_of_any_level_are_taken_as_they_are_said(store: Store) -> None:
    grant(store)
    _note(store, Facts("medicine", "bêtalactamines", atc="j01c, J01DD04"))
    assert (_facts(store).kind, _facts(store).reach) == ("class", ("J01C", "J01DD04"))


def test_what_resembles_a_substance_is_its_family_or_its_chemical_subgroup() -> None:
    assert allergens.reach("J01CA04") == ("J01C",)
    assert allergens.reach("N02BE01") == ("N02BE",)
    assert "P01BD51" in allergens.reach("J01EE01"), "sulfadoxine is a sulfonamide, whatever branch it stands on"
    assert "M01A" in allergens.reach("B01AC06")
    assert allergens.reach("") == ()


def test_one_is_noted_once(store: Store) -> None:
    grant(store)
    _note(store)
    _note(store, Facts("food", "lait", status="refuted"))
    for again in (Facts("medicine", "PENICILLINE"), Facts("food", "lait")):
        with pytest.raises(Invalid) as refusal:
            _note(store, again)
        assert refusal.value.errors.keys() == {"substance"}


class TestStates:
    def test_nobody_has_asked_then_none_is_known_then_one_is(self, store: Store, clock: Clock) -> None:
        grant(store)
        assert _known(store).state == "unknown"
        store.write(noting.state_none_known, DIOP, AWA.id)
        assert (_known(store).state, _known(store).titles) == ("none_known", ())
        clock.advance(days=1)
        before = clock()
        clock.advance(minutes=1)
        _note(store)
        assert _known(store).state == "known"
        assert _known(store, before).state == "none_known", "as a pharmacy saw it then"

    def test_none_is_not_said_where_one_is_noted_and_is_again_once_it_is_refuted(self, store: Store) -> None:
        grant(store)
        record_id = _note(store)
        with pytest.raises(NotNow) as refusal:
            store.write(noting.state_none_known, DIOP, AWA.id)
        assert refusal.value.current == "known"
        refuted = Facts("medicine", "pénicilline", status="refuted")
        store.write(noting.amend, DIOP, record_id, version=1, facts=refuted, reason="Test négatif")
        assert (_known(store).state, [one.title for one in _known(store).refuted]) == ("unknown", ["Pénicilline"])
        store.write(noting.state_none_known, DIOP, AWA.id)
        assert _known(store).state == "none_known"

    def test_said_again_it_is_a_version_more(self, store: Store) -> None:
        grant(store)
        first = store.write(noting.state_none_known, DIOP, AWA.id)
        assert store.write(noting.state_none_known, DIOP, AWA.id) == first
        assert store.read(queries.record, AWA, first).version == 2
        assert _known(store).state == "none_known"

    def test_entered_in_error_it_was_never_said(self, store: Store) -> None:
        grant(store)
        store.write(actions.mark_error, DIOP, store.write(noting.state_none_known, DIOP, AWA.id), reason="Autre")
        assert _known(store).state == "unknown"


class TestInWords:
    def test_what_was_written_before_stays_is_known_and_gets_its_fields_when_somebody_says_them(
        self, store: Store
    ) -> None:
        grant(store)
        record_id = write_record(store, type="allergy")
        [words] = _known(store).active
        assert (words.title, words.facts, _known(store).state) == ("Hypertension", None, "known")
        store.write(noting.amend, DIOP, record_id, version=1, facts=PENICILLINS, reason="Précisée")
        assert (_facts(store).kind, _known(store).titles) == ("class", ("Pénicilline",))
        versions = store.read(queries.record_with_versions, AWA, record_id).versions
        assert [version.title for version in versions] == ["Pénicilline", "Hypertension"]

    def test_words_that_say_there_is_none_raise_no_alarm_and_are_no_statement(self, store: Store) -> None:
        grant(store)
        written = {"title": "Aucune allergie connue", "body": "Interrogée.", "occurred_on": "2026-03-02"}
        store.write(actions.create, DIOP, AWA.id, type="allergy", **written)
        known = _known(store)
        assert (known.state, known.alarming, len(known.denied_in_words)) == ("known", (), 1)

    @pytest.mark.parametrize(
        ("title", "denies"),
        [
            ("Aucune allergie", True),
            ("AUCUNE ALLERGIE CONNUE.", True),
            ("Pas d\u2019allergies médicamenteuses connues à ce jour", True),
            ("Absence d'allergie médicamenteuse ou alimentaire", True),
            ("Aucune allergie connue sauf pénicilline", False),
            ("Aucune allergie connue, sauf pénicilline", False),
            ("Pas d'allergie aux AINS, mais choc à la pénicilline", False),
            ("Absence d'allergie alimentaire ; allergie : pénicilline", False),
        ],
    )
    def test_only_words_that_say_nothing_else_say_that_there_is_none(self, title: str, denies: bool) -> None:
        assert Allergy("r", title, 0, "Dr", "", None).denies is denies

    def test_one_with_fields_is_corrected_by_them_alone(self, store: Store) -> None:
        grant(store)
        record_id = _note(store)
        with pytest.raises(Invalid):
            store.write(actions.amend, DIOP, record_id, version=1, title="Rien", body="Rien", reason="Essai")
        with pytest.raises(Conflict):
            store.write(noting.amend, DIOP, record_id, version=2, facts=PENICILLINS, reason="Essai")
        assert store.read(queries.record, AWA, record_id).version == 1


def test_the_database_keeps_what_a_version_said(store: Store) -> None:
    grant(store)
    _note(store)
    for sql in ("DELETE FROM allergy_facts", "UPDATE allergy_facts SET substance = 'rien'"):
        with pytest.raises(Exception, match="never"):
            store.connection.execute(sql)


def test_who_may_prescribe_may_say_what_is_not_borne(store: Store) -> None:
    grant(store, scope="prescriptions")
    _note(store)
    grant(store, SARR, scope="summary")
    with pytest.raises(Forbidden):
        _note(store, Facts("food", "arachide"), SARR)


@pytest.mark.parametrize("person", [AWA, NDIAYE, FALL, THIAM, GASSAMA, ADMIN], ids=lambda person: person.id)
def test_nobody_else_notes_one(store: Store, person: Viewer) -> None:
    grant(store)
    with pytest.raises(Forbidden):
        _note(store, by=person)
    with pytest.raises(NotFound):
        store.write(noting.open_allergies, THIAM, AWA.id)


def test_the_patient_the_doctors_and_the_pharmacys_open_page_are_told(store: Store) -> None:
    validated(store)
    grant(store, SARR, scope="summary")
    told = store.news(noting.note, DIOP, AWA.id, facts=PENICILLINS)
    assert told == {
        AWA.id: ["record.created"],
        SARR.id: ["record.shared"],
        DIOP.id: [None],
        NDIAYE.id: [None],
        "gomis": [None],
    }
