"""Medicines are found as one types, without accents, and whether the chosen pharmacy has any is shown."""

import csv
import time
from pathlib import Path

import pytest
from cast import ADMIN, AMOXICILLIN, AWA, DIOP, FALL, INSULIN, JAMM, KADD, NDIAYE, PARACETAMOL
from hypothesis import given
from hypothesis import strategies as st
from steps import receive
from store import Clock, Store

from fadjma import setup
from fadjma.identity.people import Viewer
from fadjma.inventory import formulary, listing, other_names, products, queries
from fadjma.refusals import NotFound
from fadjma.writing import search_key

_OTHER_NAMES = Path(other_names.__file__).with_suffix(".csv")


def _found(store: Store, q: str) -> list[str]:
    return [medicine.id for medicine in store.read(queries.search_medicines, DIOP, q)]


@pytest.mark.parametrize(
    "q",
    [
        "para",
        "PARACÉTAMOL",
        "paracetamol 500",
        "500 para",
        "  parac  mg ",
        "paracetamol500mg",
        "paracétamol 500mg",
        "500mg",
        "parace\u0301tamol\u00a0٥٠٠",
        "comprimé/paracétamol",
        "l'paracétamol",
        "\u00adparacétamol",
    ],
)
def test_every_word_begins_a_word_of_the_name(store: Store, q: str) -> None:
    assert _found(store, q) == [PARACETAMOL]


@pytest.fixture
def longer_names(store: Store) -> None:
    """Names with a plus sign, an article, brackets and a ligature, as a list of medicines has them."""
    for id, dci in (("cotri", "sulfaméthoxazole + triméthoprime"), ("aas", "acide acétylsalicylique"), ("ab", "a+b")):
        key = search_key(dci, "1 g", "comprimé")
        store.connection.execute(
            "INSERT INTO medicines (id, dci, form, strength, unit, search_key) VALUES (?, ?, 'comprimé', '1 g', '', ?)",
            (id, dci, key),
        )


@pytest.mark.parametrize(
    ("q", "medicine"),
    [
        ("sulfamethoxazole+trimethoprime", "cotri"),
        ("triméthoprime/sulfaméthoxazole", "cotri"),
        ("sulfaméthoxazole-triméthoprime 1g", "cotri"),
        ("l'acide acétylsalicylique", "aas"),
        ("d’acide acétyl", "aas"),
        ("ac. acétylsalicylique", "aas"),
        ("acétylsalicylique acide", "aas"),
        ("a+b", "ab"),
    ],
)
def test_a_name_is_found_however_it_is_joined(store: Store, longer_names: None, q: str, medicine: str) -> None:
    assert medicine in _found(store, q)


def test_a_word_inside_a_word_is_not_found(store: Store) -> None:
    assert _found(store, "cetamol") == []


def test_what_begins_with_the_first_word_comes_first(store: Store) -> None:
    assert _found(store, "glargine") == [INSULIN]
    assert _found(store, "comprime") == [PARACETAMOL, AMOXICILLIN]  # the shorter name first
    assert _found(store, "in") == [INSULIN]


@pytest.mark.parametrize("q", ["", " ", "p", "%", "__", "%a", "zzz", "'; DROP TABLE medicines; --"])
def test_too_little_or_something_else_finds_nothing(store: Store, q: str) -> None:
    assert _found(store, q) == []


def test_the_doctor_sees_whether_the_chosen_pharmacy_has_it(store: Store, clock: Clock) -> None:
    receive(store, 5, expires_on="2026-03-03")

    def available(pharmacy_id: str | None) -> object:
        [medicine] = store.read(queries.search_medicines, DIOP, "paracetamol", pharmacy_id)
        return medicine.json().get("available")

    assert (available(JAMM), available(KADD), available(None)) == (True, False, None)
    clock.advance(days=2)
    assert available(JAMM) is False  # what has expired is not there


@pytest.mark.parametrize("person", [FALL, NDIAYE, AWA, ADMIN], ids=lambda person: person.id)
def test_nobody_else_learns_what_a_pharmacy_has(store: Store, person: Viewer) -> None:
    receive(store)
    [medicine] = store.read(queries.search_medicines, person, "paracetamol", JAMM)
    assert "available" not in medicine.json()


def test_accents_without_end_take_no_time(store: Store) -> None:
    begun = time.thread_time()
    assert _found(store, "paracetamol " + "e\u0301\u0323" * 100 + "\u0301\u0323" * 15_000) == []
    assert time.thread_time() - begun < 0.5


def test_a_medicine_that_is_not_of_the_list_does_not_exist(store: Store) -> None:
    assert store.read(queries.medicine, PARACETAMOL).name == "paracétamol 500 mg, comprimé"
    with pytest.raises(NotFound):
        store.read(queries.medicine, "unknown")


def test_accents_and_ligatures_do_not_matter() -> None:
    assert search_key("Œstradiol ÉTHINYLé") == search_key("oestradiol ethinyle")


@given(st.text())
def test_a_search_key_stays_as_it_is(text: str) -> None:
    assert search_key(search_key(text)) == search_key(text)


class TestOtherNames:
    """How people write medicines in the programmes of the region, looked for in the list that a clinic starts with."""

    @pytest.fixture(autouse=True)
    def starter(self, store: Store) -> None:
        known = store.read(formulary.everything)
        lines = dict(enumerate(line for line in setup.check_medicines(setup.STARTER) if line["name_key"] not in known))
        store.write(listing.confirm, ADMIN, store.write(listing.check, ADMIN, lines))

    def _names(self, store: Store, q: str) -> list[str]:
        return [medicine.dci for medicine in store.read(queries.search_medicines, DIOP, q)]

    @pytest.mark.parametrize(
        ("q", "first"),
        [
            ("SRO", ["sels de réhydratation orale"]),
            ("sachet sro", []),  # every word is looked for
            ("S.R.O.", ["sels de réhydratation orale"]),
            ("CTA 20mg", ["artéméther + luméfantrine"]),
            ("AL", ["artéméther + luméfantrine", "artéméther + luméfantrine", "albendazole"]),
            ("as+aq", ["artésunate + amodiaquine"]),
            ("TMP/SMX", ["sulfaméthoxazole + triméthoprime"] * 2),
            ("cotrim", ["sulfaméthoxazole + triméthoprime"] * 2),
            ("cotrimoxasole", ["sulfaméthoxazole + triméthoprime"] * 2),
            ("co-trimoxazole comprimé", ["sulfaméthoxazole + triméthoprime"]),
            ("inh", ["isoniazide", "rifampicine + isoniazide"]),
            ("hctz 25", ["hydrochlorothiazide"]),
            ("adrenaline", ["épinéphrine"]),
            ("Aspirine 100", ["acide acétylsalicylique"]),
            ("vitamine d", ["colécalciférol"]),
            ("butylbromure d'hyoscine", ["butylscopolamine"]),
            ("3TC", ["ténofovir disoproxil + lamivudine + dolutégravir"]),
        ],
    )
    def test_finds_what_is_meant_before_what_only_begins_so(self, store: Store, q: str, first: list[str]) -> None:
        found = self._names(store, q)
        assert found[: len(first)] == first and bool(found) == bool(first)

    @pytest.mark.parametrize("q", ["RHZ", "HCT", "ASA", "NAC", "DHA", "pénicilline G", "hyoscine", "SSI"])
    def test_never_finds_what_else_it_may_mean(self, store: Store, q: str) -> None:
        """Another treatment by a letter, benzathine for what goes into a vein, a strength that no name has."""
        assert self._names(store, q) == []
        assert "chlorure de sodium" not in self._names(store, "CaCl"), "nor is a slip forgiven in four letters"

    def test_each_of_them_finds_the_medicine_that_it_is_a_name_of(self, store: Store) -> None:
        listed = {row["dci"] for row in store.read(lambda tx: tx.all("SELECT dci FROM medicines"))}
        lines = [line for line in _OTHER_NAMES.read_text("utf-8").splitlines() if not line.startswith("#")]
        known = [row for row in csv.DictReader(lines, delimiter=";") if row["dci"] in listed]
        assert len(known) > 60
        assert [row for row in known if row["dci"] not in self._names(store, row["nom"])] == []

    def test_the_stock_and_the_list_are_searched_by_them_too(self, store: Store) -> None:
        [sro] = store.read(queries.search_medicines, NDIAYE, "sro")
        receive(store, medicine_id=sro.id)
        assert [product.medicine.id for product in store.read(products.stock, NDIAYE, "SRO")] == [sro.id]
        assert [entry.id for entry in store.read(formulary.browse, ADMIN, "sro")] == [sro.id]


class TestTheOrder:
    """What was typed is met best first; of what meets it equally well, what the chosen pharmacy has."""

    @pytest.fixture(autouse=True)
    def irons(self, store: Store) -> None:
        for id, dci, form in (
            ("fer", "fer", "comprimé"),
            ("fer-sirop", "fer", "sirop"),
            ("fero", "féroxine", "comprimé"),
            ("folic", "acide folique + fer", "comprimé"),
        ):
            store.connection.execute(
                "INSERT INTO medicines (id, dci, form, strength, unit, search_key) VALUES (?, ?, ?, '1 mg', '', ?)",
                (id, dci, form, search_key(dci, "1 mg", form)),
            )

    def _at(self, store: Store, pharmacy_id: str | None, q: str = "fer") -> list[str]:
        return [medicine.id for medicine in store.read(queries.search_medicines, DIOP, q, pharmacy_id)]

    def test_a_whole_word_comes_before_a_beginning_and_that_before_a_word_further_on(self, store: Store) -> None:
        assert self._at(store, JAMM) == ["fer", "fer-sirop", "fero", "folic"]

    def test_what_there_is_comes_first_among_equals_and_before_no_better_match(self, store: Store) -> None:
        for number, medicine_id in enumerate(("fer-sirop", "fero", "folic")):
            receive(store, medicine_id=medicine_id, number=f"F{number}")
        assert self._at(store, JAMM) == ["fer-sirop", "fer", "fero", "folic"]
        assert self._at(store, KADD) == self._at(store, None) == ["fer", "fer-sirop", "fero", "folic"]
        assert self._at(store, JAMM, "comprime 1 mg") == ["fero", "folic", "fer"]

    def test_what_has_expired_or_is_kept_for_somebody_does_not_count(self, store: Store, clock: Clock) -> None:
        receive(store, 5, medicine_id="fer-sirop", expires_on="2026-03-03")
        assert self._at(store, JAMM)[0] == "fer-sirop"
        clock.advance(days=2)
        assert self._at(store, JAMM)[0] == "fer"
        receive(store, 5, medicine_id="fer-sirop", number="F2")
        store.connection.execute("UPDATE lots SET reserved = on_hand WHERE number = 'F2'")
        assert self._at(store, JAMM)[0] == "fer"
        store.connection.execute("UPDATE lots SET reserved = 0 WHERE number = 'F2'")
