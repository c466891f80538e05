"""The demo's medicines, people and notes: facts that can be checked without a database."""

import re
from pathlib import Path
from random import Random

import phonenumbers
import pytest

from fadjma import create_app
from fadjma.config import Settings
from fadjma.demo import ACCOUNTS, notes
from fadjma.demo.cast import CAST
from fadjma.demo.medicines import BY_KEY, MEDICINES, Medicine, course
from fadjma.demo.people import DOCTORS, FAMILY_NAMES, FEMALE_NAMES, MALE_NAMES, PHARMACISTS, PLACES
from fadjma.server import serving


def test_there_are_at_least_110_medicines_each_once() -> None:
    assert len(MEDICINES) >= 110
    assert len({(m.dci, m.form, m.strength) for m in MEDICINES}) == len(MEDICINES)
    assert len(BY_KEY) == len(MEDICINES), "two medicines that the notes cannot tell apart"


def test_a_medicine_is_complete() -> None:
    assert [medicine.key for medicine in MEDICINES if not _is_complete(medicine)] == []


def _is_complete(medicine: Medicine) -> bool:
    return bool(
        re.fullmatch(r"[A-Z]\d\d[A-Z]{2}(\d\d)?", medicine.atc)
        and all((medicine.dci, medicine.form, medicine.strength, medicine.unit, medicine.dosage))
        and medicine.dci == medicine.dci.strip()
        and medicine.dosage[-1] != "."
        and 1 <= medicine.quantity <= 1000  # as the schema says
        and 1 <= medicine.days <= 365
        and re.fullmatch(r"[a-z0-9 +/,.%'-]+", medicine.search_key)
    )


@pytest.mark.parametrize(
    ("key", "atc"),
    [
        ("paracétamol 500 mg", "N02BE01"),
        ("amoxicilline 500 mg", "J01CA04"),
        ("artéméther + luméfantrine 80 mg + 480 mg", "P01BF01"),
        ("sulfate de zinc 20 mg", "A12CB01"),
        ("amlodipine 10 mg", "C08CA01"),
        ("metformine 850 mg", "A10BA02"),
    ],
)
def test_well_known_medicines_have_their_atc_code(key: str, atc: str) -> None:
    assert BY_KEY[key].atc == atc


def test_a_childs_course_follows_the_weight() -> None:
    malaria = BY_KEY["artéméther + luméfantrine 20 mg + 120 mg"]
    assert [course(malaria, kg)[1] for kg in (8, 15, 24, 30)] == [6, 12, 12, 18]
    assert course(malaria, 8)[0].startswith("1 comprimé à H0")
    adult = BY_KEY["amoxicilline 500 mg"]
    assert course(adult, 70) == (adult.dosage, adult.quantity)


def test_notes_prescribe_only_known_medicines() -> None:
    assert {line for visit in notes.VISITS for line in visit.lines} <= BY_KEY.keys()


def test_every_placeholder_of_the_notes_is_measured() -> None:
    for sex in ("female", "male"):
        measured = notes.measures(Random(1), 60, sex)
        for visit in notes.VISITS:
            for text in (visit.body, *(text for _, text in visit.results)):
                assert "{" not in text.format_map(measured)


def test_no_note_leaves_the_gender_open() -> None:
    """Whose it is is known: « adressée » or « adressé », never « adressé(e) »."""
    assert "(e)" not in Path(notes.__file__).read_text(encoding="utf-8")
    assert [notes.EMERGENCIES[2][1].format_map(notes.agreement(sex)).split()[0] for sex in ("female", "male")] == [
        "Accidentée",
        "Accidenté",
    ]


def test_the_start_says_in_french_what_everybody_is(capfd: pytest.CaptureFixture[str]) -> None:
    app = create_app(Settings(demo=True, database_url="sqlite:///nowhere.db"))
    serving._print_demo_accounts(app)
    said = capfd.readouterr().out
    assert "Awa Cissé (Patiente)" in said and "Coumba Lô (Administratrice)" in said
    assert not re.search(r"\((doctor|pharmacist|patient|admin)\)", said)


def test_names_are_listed_once() -> None:
    for names in (FEMALE_NAMES, MALE_NAMES, FAMILY_NAMES):
        assert len(set(names)) == len(names) >= 50


def test_telephone_numbers_are_valid_in_senegal() -> None:
    for phone in [place.phone for place in PLACES] + [person.phone for person in CAST]:
        assert phonenumbers.is_valid_number_for_region(phonenumbers.parse(phone), "SN"), phone


def test_licences_are_unique_and_of_the_right_order() -> None:
    licences = [person.licence for person in DOCTORS + PHARMACISTS]
    assert len(set(licences)) == len(licences)
    assert all(re.fullmatch(r"ONMS \d{4}", person.licence) for person in DOCTORS)
    assert all(re.fullmatch(r"ONPS \d{4}", person.licence) for person in PHARMACISTS)


def test_the_sign_in_page_shows_the_fixed_cast() -> None:
    assert [account.email for account in ACCOUNTS] == [
        "awa@demo.fadjma",
        "dr.diop@demo.fadjma",
        "pharma.ndiaye@demo.fadjma",
        "accueil.diallo@demo.fadjma",
        "inf.sy@demo.fadjma",
        "admin@demo.fadjma",
        "moussa@demo.fadjma",
        "dr.sarr@demo.fadjma",
        "pharma.fall@demo.fadjma",
    ]
