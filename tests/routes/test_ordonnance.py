"""A prescription on paper says what an ordonnance must show, to whoever may read it, and once it is over that it is."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from callers import Callers
from cast import AWA, DIOP, FALL, GASSAMA, NDIAYE, SARR
from overriding import issue
from store import Clock, Store
from told import LINE, Told

from fadjma import days
from fadjma.i18n import show_date


async def _paper(clinic: Callers, prescription_id: str, query: str = "", who: Any = DIOP) -> str:
    """The sheet itself: what is printed."""
    page = await clinic.browser(who).get(f"/prescriptions/{prescription_id}/paper{query}")
    assert page.status == 200
    return page.text.partition("<article")[2].partition("</article>")[0]


def _plain(sheet: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", sheet).replace("\u00a0", " ").replace("\u2011", "-").split())


async def _issue(clinic: Callers, **line: Any) -> str:
    body = {"lines": [{**LINE, **line}], "confirm": "1"}
    return str((await issue(clinic, "/patients/awa/prescriptions", body)).json["id"])


async def test_it_shows_all_that_the_rules_ask(clinic: Callers, clock: Clock) -> None:
    shown = _plain(await _paper(clinic, await _issue(clinic, substitution_reason="Allergie à un excipient")))
    today = days.day(clock())
    for part in (
        "Dr Ousmane Diop Médecin, Médecine générale Ordre nº ORDRE-diop",
        "Clinique Teranga avenue Bourguiba , Dakar Tél. +221 33 821 00 00",
        f"Dakar , {show_date(today, 'fr')}",
        "Awa Cissé Féminin, ",
        "(14 juil. 1991) FJ-7K2MQ-0XW4D",
        "1. paracétamol 500 mg, comprimé 1 comprimé matin et soir Pendant 5 jours · Quantité : 10 comprimés",
        "Ne pas substituer : Allergie à un excipient",
        f"Fin de l'ordonnance : un médicament. À retirer avant le {show_date(today + timedelta(days=90), 'fr')}.",
        "Signature et cachet",
    ):
        assert part in shown, shown


async def test_how_many_of_a_narcotic_stands_in_letters_too(clinic: Callers, store: Store) -> None:
    """And nobody reads that it may be renewed, whatever was written."""
    issued = await _issue(clinic, renewals=2)
    shown = await _paper(clinic, issued)
    assert "dix" not in shown and "À renouveler" in shown
    store.connection.execute("UPDATE medicines SET schedule = 'narcotic'")
    for copy in ("", "?copy=patient"):
        shown = _plain(await _paper(clinic, issued, copy))
        assert "Quantité : 10 comprimés ( dix )" in shown and "À renouveler" not in shown


async def test_a_name_in_arabic_is_read_from_the_right_as_a_whole(clinic: Callers, told: Told, store: Store) -> None:
    """Its parts are of one run: put in order one by one, the family's name would come first."""
    store.connection.execute("UPDATE users SET given_name = 'محمد', family_name = 'ولد أحمد' WHERE id = 'awa'")
    assert "<bdi>محمد <b>ولد أحمد</b></bdi>" in await _paper(clinic, told.issued)


async def test_a_program_reads_the_same(clinic: Callers, told: Told) -> None:
    found = (await clinic.program(DIOP).get(f"/prescriptions/{told.issued}/paper")).json
    assert found["prescriber"] == {
        "name": "Ousmane Diop",
        "profession": "physician",
        "specialty": "Médecine générale",
        "order_number": "ORDRE-diop",
        "place": {
            "name": "Clinique Teranga",
            "address": "avenue Bourguiba",
            "city": "Dakar",
            "phone": "+221338210000",
        },
    }
    assert found["patient"].items() >= {"given_name": "Awa", "family_name": "Cissé", "birth_date": "1991-07-14"}.items()
    assert (found["void"], found["missing"], found["weight"]) == (False, [], None)
    assert [line["prescribed"] for line in found["lines"]] == [20]


async def test_of_a_child_it_has_the_weight_that_was_known_when_it_was_signed(
    clinic: Callers, store: Store, clock: Clock
) -> None:
    born = days.day(clock()) - timedelta(days=1_470)
    store.connection.execute("UPDATE patients SET birth_date = ? WHERE user_id = 'awa'", (born.isoformat(),))
    issued = await _issue(clinic)
    assert "63 kg, pesé le" in _plain(await _paper(clinic, issued))
    clock.advance(minutes=1)
    weighed = {"code": "body_weight", "value": "15", "unit": "kg", "measured_on": days.day(clock()).isoformat()}
    assert (await clinic.program(DIOP).post("/patients/awa/measurements", {**weighed, "confirm": "1"})).status == 201
    shown = _plain(await _paper(clinic, issued, who=AWA))
    assert "63 kg, pesé le" in shown and "15 kg" not in shown and "Féminin, 4 ans" in shown
    store.connection.execute("UPDATE prescriptions SET issued_at = issued_at - ?", (400 * 24 * 3_600_000,))
    shown = _plain(await _paper(clinic, issued, who=AWA))
    assert "kg" not in shown and "Féminin, 2 ans" in shown


async def test_after_a_part_it_says_what_was_given_when_and_where_and_what_is_owed(
    clinic: Callers, told: Told, clock: Clock
) -> None:
    today = show_date(days.day(clock()), "fr")
    for query in ("", "?copy=patient"):
        shown = _plain(await _paper(clinic, told.owed, query, who=AWA))
        assert "Déjà remis : 8, reste dû : 12" in shown, shown
        assert f"Remis le {today}, Pharmacie Jamm : paracétamol 500 mg , 8" in shown, shown
    await clinic.program(NDIAYE).post(f"/prescriptions/{told.owed}/undoing", {"reason": "Mauvais sac"})
    assert "emis " not in _plain(await _paper(clinic, told.owed, who=AWA)), "what was undone was not given"


async def test_what_is_missing_is_said_to_the_prescriber_and_not_on_paper(
    clinic: Callers, told: Told, store: Store
) -> None:
    store.connection.execute("UPDATE practitioners SET licence_number = '' WHERE user_id = 'diop'")
    store.connection.execute("UPDATE organizations SET phone = '', address = ''")
    store.connection.execute("UPDATE patients SET birth_date = '1965' WHERE user_id = 'awa'")
    store.connection.execute("UPDATE prescriptions SET issued_at = 1")  # of a child of five, and before any weight
    where = f"/prescriptions/{told.issued}/paper"
    page = (await clinic.browser(DIOP).get(where)).text
    said, _, sheet = page.partition("<article")
    for what in ("votre numéro d'inscription à l'Ordre", "l'adresse", "le téléphone", "le poids de l'enfant"):
        assert what in html.unescape(said)
    assert "Ordre n" not in sheet and "Tél." not in sheet and "kg" not in sheet and "None" not in sheet
    missing = ["order_number", "address", "phone", "weight"]
    assert (await clinic.program(DIOP).get(where)).json["missing"] == missing
    assert (await clinic.program(AWA).get(where)).json["missing"] == []
    assert "Il manque" not in (await clinic.browser(AWA).get(where)).text


@pytest.mark.parametrize("prescribed", ["refused", "cancelled", "expired", "entered_in_error", "delivered"])
async def test_once_it_is_over_it_says_so_across_the_page(
    clinic: Callers, told: Told, store: Store, clock: Clock, prescribed: str
) -> None:
    issued = told.refused if prescribed == "refused" else told.ready if prescribed == "delivered" else told.issued
    program = clinic.program(DIOP)
    if prescribed == "cancelled":
        await program.post(f"/prescriptions/{issued}/cancellation", {"reason": "Traitement changé"})
    elif prescribed == "entered_in_error":
        await program.post(f"/prescriptions/{issued}/error", {"reason": "Mauvais patient"})
    elif prescribed == "expired":
        store.connection.execute("UPDATE prescriptions SET valid_until = ? WHERE id = ?", (clock() - 1, issued))
    elif prescribed == "delivered":
        proof = {"identity_document": "CNI 1", "reason": "Téléphone volé"}
        await clinic.program(NDIAYE).post(f"/prescriptions/{issued}/delivery", proof)
    found = (await clinic.program(AWA).get(f"/prescriptions/{issued}/paper")).json
    assert (found["status"], found["void"]) == (prescribed, True)
    assert found["short_code"] is None and "handover_code" not in found
    for copy in ("", "?copy=patient"):
        sheet = await _paper(clinic, issued, copy, who=AWA)
        assert 'class="across"' in sheet and 'class="qr"' not in sheet and "À retirer avant" not in _plain(sheet)
    assert 'class="secret"' not in await _paper(clinic, issued, "?copy=patient")


async def test_what_was_entered_in_error_says_nothing_to_its_patient_on_paper_either(
    clinic: Callers, told: Told
) -> None:
    await clinic.program(DIOP).post(f"/prescriptions/{told.issued}/error", {"reason": "Mauvais patient"})
    sheet = await _paper(clinic, told.issued, who=AWA)
    assert "paracétamol" not in sheet and "n'est plus montré" in _plain(sheet)
    assert "paracétamol" in await _paper(clinic, told.issued), "its prescriber has written it"


async def test_a_pharmacy_prints_what_it_has_claimed_and_the_reading_is_traced(
    clinic: Callers, told: Told, store: Store
) -> None:
    open_to_all = f"/prescriptions/{told.open}/paper"
    assert (await clinic.program(NDIAYE).get(open_to_all)).status == 403
    assert (await clinic.program(NDIAYE).post(f"/prescriptions/{told.open}/validation")).status == 200
    assert (await clinic.program(NDIAYE).get(open_to_all)).json["patient"]["family_name"] == "Cissé"
    for other in (FALL, SARR):
        assert (await clinic.program(other).get(open_to_all)).status == 404
    assert (await clinic.program(GASSAMA).get(open_to_all)).status == 200
    read = "SELECT count(*) FROM trace WHERE subject_id = ? AND action = 'prescription.read' AND actor_id = ?"
    assert store.value(read, told.open, NDIAYE.id) and store.value(read, told.open, GASSAMA.id)


class TestThePatientsCopy:
    async def test_draws_what_is_understood(self, clinic: Callers) -> None:
        dosage = "½ comprimé matin et soir, après les repas"
        shown = _plain(await _paper(clinic, await _issue(clinic, dosage=dosage), "?copy=patient"))
        assert "Matin ½ comprimé Midi – Soir ½ comprimé Coucher – Après le repas 5 jours" in shown
        assert dosage in shown and "Signature" not in shown

    @pytest.mark.parametrize(
        ("dosage", "drawn"),
        [
            ("1 comprimé toutes les 6 heures", "Toutes les 6 heures 1 comprimé 5 jours"),
            ("1 comprimé 2 fois par jour, avant les repas", "2 fois par jour 1 comprimé Avant le repas 5 jours"),
            ("1 comprimé si douleur, sans dépasser 2 par jour", "À chaque prise 1 comprimé Seulement si besoin"),
        ],
    )
    async def test_draws_how_often(self, clinic: Callers, dosage: str, drawn: str) -> None:
        assert drawn in _plain(await _paper(clinic, await _issue(clinic, dosage=dosage), "?copy=patient"))

    @pytest.mark.parametrize(
        "dosage", ["selon le schéma remis", "2 comprimés le matin, 1 le soir", "1 comprimé matin, si besoin le soir"]
    )
    async def test_draws_nothing_of_what_is_only_words(self, clinic: Callers, dosage: str) -> None:
        sheet = await _paper(clinic, await _issue(clinic, dosage=dosage), "?copy=patient")
        assert dosage in sheet and 'class="drawn"' not in sheet and "<svg" not in sheet.partition("<tbody")[2]

    async def test_speaks_the_language_of_whoever_prints_it(self, clinic: Callers, told: Told, store: Store) -> None:
        store.connection.execute("UPDATE users SET language = 'en' WHERE id = 'awa'")
        shown = _plain(await _paper(clinic, told.issued, "?copy=patient", who=AWA))
        assert "Your medicines" in shown and "Morning 1 comprimé Noon – Evening 1 comprimé Bedtime –" in shown
