"""Somebody was faster: whoever comes late reads what happened on the page as it is now, with what they typed."""

import html
import re
from typing import Any

import pytest
from callers import Answer, Callers
from cast import AWA, DIOP, FALL, GOMIS, NDIAYE
from store import Store
from told import DOCUMENT, Told

from fadjma.identity.people import Viewer

CHANGED = "Cette ordonnance a changé entre-temps\xa0: rien n'a été modifié."
IN_HAND = {"identity_document": DOCUMENT, "identity_kind": "national_id", "reason": "Téléphone volé"}


def version_in(page: str, action: str) -> str:
    """That the form of this address was read with."""
    form = page.partition(f'action="{action}"')[2].partition("</form>")[0]
    [found] = re.findall('name="version" value="(.*?)"', form)
    return str(found)


def said(answer: Answer) -> str:
    """What stands in the box above the page."""
    text = html.unescape(answer.text)
    assert 'id="errors"' in text, text[:2000]
    return text.partition('id="errors"')[2].partition("</div>")[0]


async def line_of(clinic: Callers, prescription_id: str) -> str:
    return str((await clinic.program(NDIAYE).get(f"/prescriptions/{prescription_id}")).json["lines"][0]["id"])


async def code_of(clinic: Callers, prescription_id: str) -> str:
    """As Awa reads it on her page."""
    return str((await clinic.program(AWA).get(f"/prescriptions/{prescription_id}")).json["handover_code"])


async def hand_over(clinic: Callers, prescription_id: str, quantity: int) -> None:
    part = {"line_id": await line_of(clinic, prescription_id), "quantity": quantity}
    sent = {"identity": {"kind": "national_id", "number": DOCUMENT}, "reason": "Perdu", "lines": [part]}
    assert (await clinic.program(NDIAYE).post(f"/prescriptions/{prescription_id}/delivery", sent)).status == 200


async def test_a_hand_over_comes_back_as_it_was_typed_and_is_taken_the_next_time(clinic: Callers, told: Told) -> None:
    address = f"/prescriptions/{told.ready}"
    read = version_in((await clinic.browser(GOMIS).get(address)).text, f"{address}/delivery")
    await hand_over(clinic, told.ready, 5)
    typed = {
        **IN_HAND,
        "lines-0-line_id": await line_of(clinic, told.ready),
        "lines-0-quantity": "7",
    }
    late = await clinic.browser(GOMIS).post(f"{address}/delivery", {**typed, "version": read})
    assert late.status == 409
    assert CHANGED in said(late) and "Votre saisie est encore là" in said(late)
    assert "Délivrée en partie, reste dû" in html.unescape(late.text)
    form = html.unescape(late.text).partition(f'action="{address}/delivery"')[2].partition("</form>")[0]
    assert 'data-draft="1"' in form.partition(">")[0], "what was typed is nowhere else"
    assert 'value="7"' in form and f'value="{DOCUMENT}"' in form and 'value="Téléphone volé"' in form
    now = version_in(late.text, f"{address}/delivery")
    assert int(now) > int(read)
    again = await clinic.browser(GOMIS).post(f"{address}/delivery", {**typed, "version": now})
    assert again.status == 303
    assert (await clinic.program(NDIAYE).get(address)).json["lines"][0]["delivered"] == 12


async def test_a_code_that_a_colleague_has_used_just_now_is_no_guess(clinic: Callers, told: Told, store: Store) -> None:
    address, given = f"/prescriptions/{told.ready}", await code_of(clinic, told.ready)
    read = version_in((await clinic.browser(GOMIS).get(address)).text, f"{address}/delivery")
    part = {"line_id": await line_of(clinic, told.ready), "quantity": 5}
    first = await clinic.program(NDIAYE).post(f"{address}/delivery", {"code": given, "lines": [part]})
    assert first.status == 200
    late = await clinic.browser(GOMIS).post(f"{address}/delivery", {"code": given, "version": read})
    assert late.status == 409 and CHANGED in said(late)
    assert store.value("SELECT code_failures FROM prescriptions WHERE id = ?", told.ready) == 0
    guessed = await clinic.browser(GOMIS).post(f"{address}/delivery", {"code": given})
    assert guessed.status == 422, "without a version it is one"
    assert store.value("SELECT code_failures FROM prescriptions WHERE id = ?", told.ready) == 1


async def test_a_new_code_is_typed_into_the_page_that_was_open(clinic: Callers, told: Told) -> None:
    address = f"/prescriptions/{told.ready}"
    read = version_in((await clinic.browser(NDIAYE).get(address)).text, f"{address}/delivery")
    assert (await clinic.browser(AWA).post(f"{address}/code")).status == 303
    sent = {"code": await code_of(clinic, told.ready), "version": read}
    assert (await clinic.browser(NDIAYE).post(f"{address}/delivery", sent)).status == 303


async def test_another_hand_over_than_the_one_that_was_read_is_not_undone(
    clinic: Callers, told: Told, store: Store
) -> None:
    address = f"/prescriptions/{told.ready}"
    await hand_over(clinic, told.ready, 5)
    read = version_in((await clinic.browser(GOMIS).get(address)).text, f"{address}/undoing")
    await hand_over(clinic, told.ready, 3)
    typed = {"reason": "Mauvais sac"}
    late = await clinic.browser(GOMIS).post(f"{address}/undoing", {**typed, "version": read})
    assert late.status == 409 and CHANGED in said(late)
    assert ">Mauvais sac</textarea>" in late.text
    program = await clinic.program(GOMIS).post(f"{address}/undoing", {**typed, "version": int(read)})
    assert program.problem(409)["current"] == "part_delivered"
    assert not store.rows("SELECT 1 FROM dispenses WHERE undone_at IS NOT NULL")
    now = version_in(late.text, f"{address}/undoing")
    assert (await clinic.browser(GOMIS).post(f"{address}/undoing", {**typed, "version": now})).status == 303
    assert (await clinic.program(NDIAYE).get(address)).json["lines"][0]["delivered"] == 5


async def test_what_the_doctor_has_replaced_meanwhile_is_not_refused(clinic: Callers, told: Told, store: Store) -> None:
    address = f"/prescriptions/{told.validated}"
    read = version_in((await clinic.browser(NDIAYE).get(address)).text, f"{address}/refusal")
    store.connection.execute("UPDATE prescriptions SET version = version + 1 WHERE id = ?", (told.validated,))
    typed: dict[str, Any] = {"code": "dose", "text": "Trop forte pour son âge"}
    late = await clinic.browser(NDIAYE).post(f"{address}/refusal", {**typed, "version": read})
    assert late.status == 409 and ">Trop forte pour son âge</textarea>" in late.text
    unavailable = {**typed, "code": "unavailable", "version": int(read)}
    assert (await clinic.program(NDIAYE).post(f"{address}/refusal", unavailable)).problem(409)
    assert store.value("SELECT status FROM prescriptions WHERE id = ?", told.validated) == "validated"


async def test_a_delivery_to_another_address_than_was_read_is_not_declined(clinic: Callers, told: Told) -> None:
    address = f"/prescriptions/{told.asked}"
    read = version_in((await clinic.browser(NDIAYE).get(address)).text, f"{address}/delivery-refusal")
    elsewhere = {"address": "Plateau, rue 3", "phone": "771234567"}
    assert (await clinic.program(AWA).post(f"{address}/delivery-request", elsewhere)).status == 200
    typed = {"reason": "Trop loin", "version": read}
    late = await clinic.browser(NDIAYE).post(f"{address}/delivery-refusal", typed)
    assert late.status == 409 and "Plateau, rue 3" in late.text and ">Trop loin</textarea>" in late.text
    assert (await clinic.program(AWA).get(address)).json["delivery"]["status"] != "declined"


@pytest.mark.parametrize("act", ["hold", "refusal"])
async def test_what_cannot_be_sent_any_more_is_read_again(clinic: Callers, told: Told, act: str) -> None:
    address = f"/prescriptions/{told.validated}"
    ended = await clinic.program(DIOP).post(f"{address}/cancellation", {"reason": "Traitement changé"})
    assert ended.status == 200
    typed = {"hold": {"reason": "Attendu <demain>"}, "refusal": {"code": "dose", "text": "Attendu <demain>"}}[act]
    late = await clinic.browser(NDIAYE).post(f"{address}/{act}", typed)
    assert late.status == 409 and "Annulée" in late.text
    assert "Cette ordonnance est annulée\xa0: rien n'a été modifié." in said(late)
    assert '<q dir="auto">Attendu <demain></q>' in said(late) and "<demain>" not in late.text


async def test_what_is_typed_is_there_too_where_as_things_are_it_cannot_be_done(
    clinic: Callers, told: Told, store: Store
) -> None:
    """More than was prepared: « dites ce qui est remis », in the form in which it was said."""
    address = f"/prescriptions/{told.ready}"
    line_id = await line_of(clinic, told.ready)
    store.connection.execute("UPDATE reservations SET quantity = quantity - 1 WHERE prescription_id = ?", (told.ready,))
    store.connection.execute("UPDATE lots SET reserved = reserved - 1 WHERE reserved > 0")
    owed = (await clinic.program(NDIAYE).get(address)).json["lines"][0]["remaining"]
    typed = {**IN_HAND, "lines-0-line_id": line_id, "lines-0-quantity": str(owed)}
    refused = await clinic.browser(NDIAYE).post(f"{address}/delivery", typed)
    assert refused.status == 409 and "dites ce qui est remis" in said(refused)
    assert f'value="{DOCUMENT}"' in refused.text and 'value="Téléphone volé"' in refused.text


async def test_whoever_only_pressed_a_button_sees_what_it_is_now(clinic: Callers, told: Told) -> None:
    address = f"/prescriptions/{told.ended}"
    assert (await clinic.browser(NDIAYE).post(f"{address}/acknowledgement")).status == 303
    late = await clinic.browser(GOMIS).post(f"{address}/acknowledgement")
    assert late.status == 409 and "Fin vue par la pharmacie" in late.text and said(late)


class TestOfALot:
    async def test_a_lot_that_is_withheld_for_another_reason_is_not_put_back(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        address = f"/inventory/lots/{told.withheld}"
        read = version_in((await clinic.browser(NDIAYE).get(address)).text, f"{address}/unblocking")
        assert (await clinic.program(GOMIS).post(f"{address}/unblocking")).status == 200
        recall = {"why": "Rappel du fabricant"}
        assert (await clinic.program(GOMIS).post(f"{address}/blocking", recall)).status == 200
        late = await clinic.browser(NDIAYE).post(f"{address}/unblocking", {"version": read})
        assert late.status == 409 and "Rappel du fabricant" in late.text
        assert "Ce lot a changé entre-temps\xa0: rien n'a été modifié." in said(late)
        assert store.value("SELECT withheld_reason FROM lots WHERE id = ?", told.withheld) == "Rappel du fabricant"
        now = version_in(late.text, f"{address}/unblocking")
        assert (await clinic.browser(NDIAYE).post(f"{address}/unblocking", {"version": now})).status == 303

    async def test_why_it_was_to_be_withheld_is_read_again(self, clinic: Callers, told: Told) -> None:
        late = await clinic.browser(NDIAYE).post(
            f"/inventory/lots/{told.withheld}/blocking", {"why": "Emballage ouvert"}
        )
        assert late.status == 409 and "Ce lot est déjà bloqué." in said(late) and "Emballage ouvert" in said(late)

    async def test_a_count_below_what_is_kept_comes_back_in_its_form(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        lot_id, version = store.rows("SELECT id, version FROM lots WHERE reserved > 0 LIMIT 1")[0]
        typed = {"on_hand": "0", "version": str(version), "reason": "Casse d'un carton"}
        refused = await clinic.browser(NDIAYE).post(f"/inventory/lots/{lot_id}/adjustments", typed)
        assert refused.status == 409 and "en réservent" in said(refused)
        assert 'value="Casse d\'un carton"' in html.unescape(refused.text)

    @pytest.mark.parametrize(("act", "who"), [("receipt", FALL), ("undoing", NDIAYE)])
    async def test_a_transfer_shows_what_became_of_it(self, clinic: Callers, told: Told, act: str, who: Viewer) -> None:
        address = f"/inventory/transfers/{told.coming}"
        assert (await clinic.browser(who).post(f"{address}/{act}")).status == 303
        late = await clinic.browser(who).post(f"{address}/{act}")
        assert late.status == 409 and "Cet envoi n'est plus en route." in said(late)
        assert {"receipt": "Reçu", "undoing": "Annulé"}[act] in late.text
