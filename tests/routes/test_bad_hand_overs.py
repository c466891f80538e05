"""What cannot be prescribed, at the counter, or in its stock, by page and by JSON: a clear answer, nothing lost of what
was typed, nothing half done.

Each thing that goes wrong in a clinic, and the tests that do it over HTTP; one of them says that they are there.

Quantity 0, negative, 10^9, « 12,5 »
    test_bad_hand_overs.py::test_what_is_no_quantity_comes_back_with_all_that_was_typed
    test_bad_input.py::test_what_cannot_be_taken_is_said_beside_its_field
    test_between_places.py::test_what_is_no_quantity_comes_back_as_it_was_typed
    test_replacing_lines.py::test_what_is_no_line_is_refused_and_nothing_is_changed
Another pharmacy's lot
    test_bad_hand_overs.py::test_another_pharmacys_lot_or_prescription_does_not_exist
An expired one
    test_bad_hand_overs.py::test_a_lot_that_has_expired_is_taken_in_only_when_that_is_confirmed
    test_bad_hand_overs.py::test_a_lot_that_expires_while_it_is_ready_is_not_handed_over
    test_bad_hand_overs.py::test_with_expired_stock_alone_nothing_is_prepared
    test_between_places.py::test_what_is_withheld_or_has_expired_is_not_offered_to_be_sent_nor_taken
A code tried ten times
    test_bad_hand_overs.py::test_a_code_that_is_tried_ten_times_is_tried_five_times
Two pharmacists on one prescription
    test_bad_hand_overs.py::test_two_pharmacies_take_one_prescription_and_one_of_them_has_it
    test_stale_state.py::test_a_colleague_who_comes_late_is_told_so
    test_stale_state.py::test_six_at_once_are_one
    test_handing_over_parts.py::test_two_colleagues_on_one_page_hand_a_part_over_once
A part delivery of more than is owed
    test_bad_hand_overs.py::test_a_part_of_more_than_is_owed_is_refused_beside_its_line
An override without a reason
    test_alerts_asked.py::test_an_answer_that_is_none_is_refused_and_nothing_is_lost
    test_alerts_asked.py::test_it_stands_beside_its_line_with_its_reason_and_what_was_typed_stays
    test_bad_hand_overs.py::test_an_override_without_a_reason_comes_back_with_all_that_was_typed
A set with a retired medicine
    test_bad_hand_overs.py::test_a_medicine_that_is_retired_since_is_not_prescribed_out_of_a_set
    test_prescription_sets.py::test_one_with_a_medicine_of_no_list_says_so_and_leaves_it_to_be_chosen
A CSV in Windows-1252 with formulas and 50,000 rows
    test_bad_hand_overs.py::test_an_order_in_windows_1252_with_a_formula_is_refused_whole
    test_bad_hand_overs.py::test_fifty_thousand_rows_in_windows_1252_with_formulas_are_refused_whole
    test_formulary.py::test_fifty_thousand_lines_are_taken_at_once
Paper of a cancelled prescription
    test_bad_hand_overs.py::test_who_brings_the_paper_of_a_cancelled_prescription_is_given_nothing
    test_at_the_counter.py::test_of_what_is_over_it_says_so
    test_ordonnance.py::test_once_it_is_over_it_says_so_across_the_page
Fields that are not understood
    test_understood.py::test_are_refused_by_every_act_and_named
    test_understood.py::test_of_a_line_too
    test_understood.py::test_a_form_of_lines_comes_back_with_what_is_not_known
"""

import asyncio
import html
import re
from dataclasses import asdict
from html.parser import HTMLParser
from typing import Any

import pytest
from callers import FORM, Answer, Callers
from cast import AMOXICILLIN, AWA, DIOP, FALL, GOMIS, JAMM, NDIAYE, PARACETAMOL
from named_tests import missing
from store import Store
from told import DOCUMENT, LINE, NEXT_YEAR, OTHER, PIN_KEY, SHELVED, Told

from fadjma.identity import patient_pins
from fadjma.prescriptions import dispensing
from fadjma.store import Transaction


def test_each_of_these_tests_is_there() -> None:
    assert missing(__doc__, least=20) == []


class _Form(HTMLParser):
    """What the fields of a page would send now, by their names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self._area = self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "textarea":
            self._area = name
            self.values.setdefault(name, []).append("")
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given:
            self.values.setdefault(self._select, []).append(given.get("value", ""))
        elif tag == "input" and (given.get("type") not in ("radio", "checkbox") or "checked" in given):
            self.values.setdefault(name, []).append(given.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area][-1] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""


def _is_kept(page: Answer, typed: dict[str, str]) -> bool:
    """Whether a form came back with all that was typed into it, and says at its head that something is wrong."""
    values = _Form(page.text).values
    lost = {name: value for name, value in typed.items() if value not in values.get(name, [])}
    assert lost == {}, lost
    return page.status == 422 and 'role="alert"' in page.text


def _said(page: Answer) -> str:
    """The words of a page on one line."""
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page.text)).split())


def _as_json(typed: dict[str, str]) -> dict[str, Any]:
    """The same as a program sends it: lines as a list, and whole numbers as such."""
    sent: dict[str, Any] = {}
    lines: dict[str, dict[str, Any]] = {}
    for name, text in typed.items():
        value = int(text) if re.fullmatch("-?[0-9]+", text) else text
        if name.startswith("lines-"):
            _, number, column = name.split("-")
            lines.setdefault(number, {})[column] = value
        else:
            sent[name] = value
    return {**sent, "lines": list(lines.values())} if lines else sent


NO_QUANTITIES = ("0", "-3", "1000000000", "12,5")
LOT = {"medicine_id": PARACETAMOL, "number": "L 78", "threshold": "7"}
WITH_QUANTITY: list[tuple[str, Any, str, dict[str, str]]] = [  # who types it, where, and what stands beside it
    (
        "/patients/awa/prescriptions",
        DIOP,
        "lines-1-quantity",
        {
            "lines-0-medicine_id": PARACETAMOL,
            "lines-0-dosage": "1 comprimé matin et soir, « avec de l'eau »",
            "lines-0-quantity": "10",
            "lines-0-duration_days": "5",
            "lines-1-medicine_id": AMOXICILLIN,
            "lines-1-dosage": "1 comprimé à midi",
            "lines-1-duration_days": "6",
        },
    ),
    ("/inventory/lots", NDIAYE, "quantity", {**LOT, "expires_on": "31/12/2099"}),
    ("/inventory/lots/{lot}/adjustments", NDIAYE, "on_hand", {"version": "1", "reason": "Casse « et vol »"}),
    (
        "/inventory/counts",
        NDIAYE,
        "lines-0-on_hand",
        {"lines-0-lot_id": SHELVED, "lines-0-version": "1", "reason": "Casse « et vol »"},
    ),
    ("/inventory/products/{product}/threshold", NDIAYE, "threshold", {}),
    (
        "/prescriptions/{owed}/delivery",
        NDIAYE,
        "lines-0-quantity",
        {"lines-0-line_id": "line-of-owed", "reason": "Téléphone volé", "identity_document": DOCUMENT},
    ),
]


@pytest.mark.parametrize(("where", "who", "field", "beside"), WITH_QUANTITY, ids=[one[0] for one in WITH_QUANTITY])
async def test_what_is_no_quantity_comes_back_with_all_that_was_typed(
    clinic: Callers, told: Told, store: Store, where: str, who: Any, field: str, beside: dict[str, str]
) -> None:
    address, before = _told(where, told), store.content(readings=False)
    may_be_none = field.endswith(("on_hand", "threshold"))
    for quantity in NO_QUANTITIES[1:] if may_be_none else NO_QUANTITIES:
        typed = {**beside, field: quantity}
        page = await clinic.browser(who).post(address, typed, Content_Type=FORM)
        assert _is_kept(page, typed)
        message = (await clinic.program(who).post(address, _as_json(typed))).errors()[field]
        assert re.search(r"nombre entier|entre|au (moins|plus)|[Ii]l en reste|dû", message), message
        assert message.replace("\xa0", " ") in _said(page).replace("\xa0", " ")
    assert store.content(readings=False) == before


INSTEAD = {"identity_document": DOCUMENT, "reason": "Téléphone volé"}
ANOTHERS = [  # what Mme Fall of another pharmacy has the address of
    ("/inventory/lots/{lot}/adjustments", {"on_hand": 3, "version": 1, "reason": "Casse"}),
    ("/inventory/counts", {"lines": [{"lot_id": "{lot}", "version": 1, "on_hand": 3}], "reason": "Casse"}),
    ("/inventory/lots/{lot}/blocking", {"why": "Rappel"}),
    ("/inventory/lots/{lot}/transfers", {"to_id": JAMM, "quantity": 3}),
    ("/inventory/products/{product}/threshold", {"threshold": 3}),
    ("/prescriptions/{ready}/delivery", {**INSTEAD}),
    ("/prescriptions/{ready}/delivery", {"code": "123456"}),
    ("/prescriptions/{owed}/undoing", {"reason": "Mauvais sac"}),
]


def _told(of: Any, told: Told) -> Any:
    """The same with the ids of the story in the place of their names."""
    if isinstance(of, dict):
        return {name: _told(value, told) for name, value in of.items()}
    if isinstance(of, list):
        return [_told(value, told) for value in of]
    return of.format_map(asdict(told)) if isinstance(of, str) else of


@pytest.mark.parametrize(("where", "sent"), ANOTHERS, ids=[where for where, _ in ANOTHERS])
async def test_another_pharmacys_lot_or_prescription_does_not_exist(
    clinic: Callers, told: Told, store: Store, where: str, sent: dict[str, Any]
) -> None:
    before = store.content(readings=False)
    answer = await clinic.program(FALL).post(_told(where, told), _told(sent, told))
    assert answer.status == 404
    page = await clinic.browser(FALL).post(_told(where, told), _told(sent, told))
    assert page.status == 404 and "n'existe pas" in _said(page)
    assert store.content(readings=False) == before


async def test_a_lot_that_has_expired_is_taken_in_only_when_that_is_confirmed(
    clinic: Callers, told: Told, store: Store
) -> None:
    before = store.content(readings=False)
    typed = {**LOT, "quantity": "12", "expires_on": "2020-01-31"}
    refused = (await clinic.program(NDIAYE).post("/inventory/lots", typed)).problem(422)
    assert (refused["errors"]["expires_on"], refused["confirm"]) == (
        "Ce lot est déjà périmé\xa0: vérifiez la date.",
        ["expires_on"],
    )
    page = await clinic.browser(NDIAYE).post("/inventory/lots", {**typed, "expires_on": "31/01/2020"})
    assert _is_kept(page, {**LOT, "quantity": "12"}) and 'name="confirm"' in page.text
    assert store.content(readings=False) == before
    lot = await clinic.program(NDIAYE).post("/inventory/lots", {**typed, "confirm": True})
    assert (lot.status, lot.json["status"]) == (201, "expired")


async def test_a_lot_that_expires_while_it_is_ready_is_not_handed_over(
    clinic: Callers, told: Told, store: Store
) -> None:
    address = f"/prescriptions/{told.ready}"
    code = (await clinic.program(AWA).get(address)).json["handover_code"]
    store.connection.execute(
        "UPDATE lots SET expires_on = '2020-01-31' WHERE id IN (SELECT lot_id FROM reservations "
        "WHERE prescription_id = ?)",
        (told.ready,),
    )
    before = store.content(readings=False)
    refused = (await clinic.program(NDIAYE).post(f"{address}/delivery", {"code": code})).problem(409)
    assert "périmé" in refused["detail"] and refused["current"] == "ready"
    page = await clinic.browser(NDIAYE).post(f"{address}/delivery", {"code": code})
    assert page.status == 409 and "périmé" in _said(page)
    after = store.content(readings=False)
    assert {name for name in before if before[name] != after[name]} <= {"idempotency_keys"}
    assert "Préparer" in _said(await clinic.browser(NDIAYE).get(address))


async def test_with_expired_stock_alone_nothing_is_prepared(clinic: Callers, told: Told, store: Store) -> None:
    store.connection.execute("UPDATE lots SET expires_on = '2020-01-31'")
    before = store.content(readings=False)
    address = f"/prescriptions/{told.validated}/preparation"
    refused = (await clinic.program(NDIAYE).post(address)).problem(409)
    assert "paracétamol" in refused["detail"]
    page = await clinic.browser(NDIAYE).post(address)
    assert page.status == 409 and refused["detail"] in html.unescape(page.text)
    assert store.content(readings=False) == before


async def test_two_pharmacies_take_one_prescription_and_one_of_them_has_it(
    clinic: Callers, told: Told, store: Store
) -> None:
    address = f"/prescriptions/{told.open}/validation"
    answers = await asyncio.gather(clinic.program(NDIAYE).post(address), clinic.program(FALL).post(address))
    assert sorted(answer.status for answer in answers) in ([200, 404], [200, 409])
    before = store.content(readings=False)
    late = NDIAYE if answers[0].status != 200 else FALL
    page = await clinic.browser(late).post(address)
    assert page.status in (404, 409) and re.search("n'existe pas|déjà|autre pharmacie", _said(page))
    assert store.content(readings=False) == before
    assert (
        store.value(
            "SELECT count(*) FROM prescription_acts WHERE prescription_id = ? AND to_status = 'validated'", told.open
        )
        == 1
    )


async def test_a_code_that_is_tried_ten_times_is_tried_five_times(clinic: Callers, told: Told, store: Store) -> None:
    address = f"/prescriptions/{told.ready}"
    right = (await clinic.program(AWA).get(address)).json["handover_code"]
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    said = [(await clinic.program(NDIAYE).post(f"{address}/delivery", {"code": wrong})).errors() for _ in range(10)]
    for left, one in zip((4, 3, 2, 1), said, strict=False):
        assert f"Essais restants : {left}" in one["code"].replace("\xa0", " ")
    assert all("Trop de mauvais codes" in one["code"] for one in said[4:])
    assert store.value("SELECT code_failures FROM prescriptions WHERE id = ?", told.ready) == 5
    page = await clinic.browser(NDIAYE).post(f"{address}/delivery", {"code": right})
    assert page.status == 422 and html.unescape(page.text).count("Trop de mauvais codes") == 2  # summary, field
    seen = html.unescape((await clinic.browser(GOMIS).get(address)).text)
    assert seen.count("Trop de mauvais codes") == 1, "a colleague reads it before trying"
    assert store.value("SELECT status FROM prescriptions WHERE id = ?", told.ready) == "ready"


@pytest.mark.parametrize("proof", ["code", "pin"])
async def test_what_is_guessed_while_there_is_nothing_to_guess_opens_nothing_once_there_is(
    clinic: Callers, told: Told, store: Store, monkeypatch: pytest.MonkeyPatch, proof: str
) -> None:
    """A code is sent ahead of what is done on another screen: it is counted, or it is not looked at."""
    address = f"/prescriptions/{told.ready}"
    code, pin = (await clinic.program(AWA).get(address)).json["handover_code"], "271828"
    store.write(patient_pins.give, AWA.id, key=PIN_KEY, by=AWA.id, document="CNI 1", chosen=pin)
    identifier = store.value("SELECT identifier FROM patients WHERE user_id = ?", AWA.id)
    version = store.value("SELECT version FROM prescriptions WHERE id = ?", told.ready)
    name = "try_code" if proof == "code" else "try_card"
    tried = getattr(dispensing, name)

    def tried_just_before(tx: Transaction, *args: Any, **kwargs: Any) -> Any:
        found = tried(tx, *args, **kwargs)
        tx.execute("UPDATE prescriptions SET version = version + 1 WHERE id = :id", {"id": told.ready})
        return found

    monkeypatch.setattr(dispensing, name, tried_just_before)
    sent = {"code": code} if proof == "code" else {"card": identifier, "pin": pin}
    answer = await clinic.program(NDIAYE).post(f"{address}/delivery", {**sent, "version": version + 1})
    answer.problem(409)
    assert store.value("SELECT status FROM prescriptions WHERE id = ?", told.ready) == "ready"


async def test_of_several_medicines_the_summary_says_of_which_too_much_is_given(clinic: Callers, told: Told) -> None:
    """Whatever form of lines it is: their numbers are those of the table."""
    address, lines = f"/prescriptions/{told.ready}", [("lines-0", "1"), ("lines-1", "900")]
    [line] = (await clinic.program(NDIAYE).get(address)).json["lines"]
    sent = {
        f"{name}-{field}": value
        for name, much in lines
        for field, value in (("line_id", line["id"]), ("quantity", much))
    }
    page = (await clinic.browser(NDIAYE).post(f"{address}/delivery", {**INSTEAD, **sent})).text
    summary = re.sub("<[^>]+>", "", page.partition('id="errors"')[2].partition("</div>")[0])
    assert "Médicament 2, " in summary


@pytest.mark.parametrize("why", ["withheld", "expired"])
async def test_a_lot_in_the_bag_that_must_not_leave_is_named_on_the_page(
    clinic: Callers, told: Told, store: Store, why: str
) -> None:
    address = f"/prescriptions/{told.ready}"
    lots = "SELECT l.id, l.number FROM reservations r JOIN lots l ON l.id = r.lot_id WHERE r.prescription_id = ?"
    [(lot_id, number)] = store.rows(lots, told.ready)
    assert "À ne pas remettre" not in html.unescape((await clinic.browser(NDIAYE).get(address)).text)
    if why == "withheld":
        assert (await clinic.program(GOMIS).post(f"/inventory/lots/{lot_id}/blocking", {"why": "Rappel"})).status == 200
    else:
        store.connection.execute("UPDATE lots SET expires_on = '2020-01-31' WHERE id = ?", (lot_id,))
    page = " ".join(html.unescape(re.sub("<[^>]+>", "", (await clinic.browser(NDIAYE).get(address)).text)).split())
    assert f"À ne pas remettre : lot {number}, {'bloqué' if why == 'withheld' else 'périmé'}" in page
    for other in (AWA, DIOP):  # in an id there may be as many letters as in its number
        assert not re.search(rf"\b{number}\b", re.sub("<[^>]+>", "", (await clinic.browser(other).get(address)).text))


async def test_nothing_to_hand_over_is_said_without_the_name_of_a_field(clinic: Callers, told: Told) -> None:
    """And the summary leads to where it is to be said."""
    address = f"/prescriptions/{told.ready}"
    [line] = (await clinic.program(NDIAYE).get(address)).json["lines"]
    sent = {**INSTEAD, "lines-0-line_id": line["id"], "lines-0-quantity": ""}
    page = (await clinic.browser(NDIAYE).post(f"{address}/delivery", sent)).text
    [where, said] = re.findall('id="errors".*?<a href="#(.+?)">(.*?)</a>', page, re.DOTALL)[0]
    assert html.unescape(said).replace("\xa0", " ") == "Dites ce qui est remis : une quantité au moins."
    assert page.count(f'id="{where}"') == 1


@pytest.mark.parametrize("more", [1, 10_000])
async def test_a_part_of_more_than_is_owed_is_refused_beside_its_line(
    clinic: Callers, told: Told, store: Store, more: int
) -> None:
    address = f"/prescriptions/{told.owed}"
    [line] = (await clinic.program(NDIAYE).get(address)).json["lines"]
    asked = line["quantity"] - line["delivered"] + more
    before = store.content(readings=False)
    sent = {**INSTEAD, "lines": [{"line_id": line["id"], "quantity": asked}]}
    assert "lines-0-quantity" in (await clinic.program(NDIAYE).post(f"{address}/delivery", sent)).errors()
    typed = {**INSTEAD, "lines-0-line_id": line["id"], "lines-0-quantity": str(asked)}
    page = await clinic.browser(NDIAYE).post(f"{address}/delivery", typed)
    assert page.status == 422 and f'value="{asked}"' in page.text
    assert f'value="{INSTEAD["reason"]}"' in page.text
    assert store.content(readings=False) == before


async def test_an_override_without_a_reason_comes_back_with_all_that_was_typed(
    clinic: Callers, told: Told, store: Store
) -> None:
    where, before = "/patients/awa/prescriptions", store.content(readings=False)
    [alert] = (await clinic.program(DIOP).post(where, {"lines": [LINE]})).problem(422)["alerts"]
    typed = {f"lines-0-{name}": str(value) for name, value in LINE.items()}
    typed |= {"overrides-0-alert": alert["id"]}
    page = await clinic.browser(DIOP).post(where, {**typed, "overrides-0-reason": ""}, Content_Type=FORM)
    assert _is_kept(page, typed) and 'href="#overrides-0-reason"' in page.text
    sent = {"lines": [LINE], "overrides": [{"alert": alert["id"], "reason": ""}]}
    assert (await clinic.program(DIOP).post(where, sent)).errors().keys() == {"overrides-0-reason"}
    assert store.content(readings=False) == before


async def test_a_medicine_that_is_retired_since_is_not_prescribed_out_of_a_set(
    clinic: Callers, told: Told, store: Store
) -> None:
    store.connection.execute("UPDATE medicines SET retired_at = 1 WHERE id = ?", (AMOXICILLIN,))
    before = store.content(readings=False)
    retired = {**LINE, "medicine_id": AMOXICILLIN}
    refused = await clinic.program(DIOP).post("/patients/awa/prescriptions", {"lines": [LINE, retired]})
    assert "lines-1-medicine" in refused.errors()
    typed = {f"lines-{n}-{name}": str(value) for n, one in enumerate((LINE, OTHER)) for name, value in one.items()}
    page = await clinic.browser(DIOP).post("/patients/awa/prescriptions", typed, Content_Type=FORM)
    assert _is_kept(page, {name: value for name, value in typed.items() if name != "lines-1-medicine_id"})
    assert refused.errors()["lines-1-medicine"] in html.unescape(page.text)
    assert store.content(readings=False) == before


async def test_an_order_in_windows_1252_with_a_formula_is_refused_whole(
    clinic: Callers, told: Told, store: Store
) -> None:
    rows = ["Produit;Lot;Péremption;Quantité", f"Paracétamol 500 mg;É-1;{NEXT_YEAR};10"]
    rows.append(f"Paracétamol 500 mg;=HYPERLINK(A1);{NEXT_YEAR};5")
    before = store.content(readings=False)
    sent = "\r\n".join(rows).encode("cp1252")
    errors = (await clinic.program(NDIAYE).post("/inventory/receipts", sent, Content_Type="text/csv")).errors()
    assert any("=" in message for message in errors.values()), errors
    page = await clinic.browser(NDIAYE).post("/inventory/receipts", {"text": "\n".join(rows)})
    assert page.status == 422 and "HYPERLINK" in page.text
    assert store.content(readings=False) == before


def _order(rows: int, formula_every: int) -> bytes:
    """An order of so many lots, as an older spreadsheet in French saves it."""
    lines = ["Produit;Lot;Péremption;Quantité"]
    for n in range(rows):
        lot = f"=SOMME(A{n})" if n % formula_every == 7 else f"É-{n}"
        lines.append(f"Paracétamol 500 mg;{lot};{NEXT_YEAR};3")
    return "\r\n".join(lines).encode("cp1252")


async def test_fifty_thousand_rows_in_windows_1252_with_formulas_are_refused_whole(
    clinic: Callers, told: Told, store: Store
) -> None:
    program, before = clinic.program(NDIAYE), store.content(readings=False)
    refused = await program.post("/inventory/receipts", _order(50_000, 1_000), Content_Type="text/csv")
    errors = refused.errors()
    assert len(errors) == 50 and all("un tableur en ferait une formule" in message for message in errors.values())
    assert "lines-9-number" in errors, "as a spreadsheet numbers them"
    assert store.content(readings=False) == before


HANDED_OVER = ("prescriptions", "prescription_acts", "dispenses", "lots", "reservations", "movements")


async def test_who_brings_the_paper_of_a_cancelled_prescription_is_given_nothing(
    clinic: Callers, told: Told, store: Store
) -> None:
    address = f"/prescriptions/{told.ready}"
    paper = (await clinic.program(AWA).get(f"{address}/paper")).json
    code = (await clinic.program(AWA).get(address)).json["handover_code"]
    await clinic.program(DIOP).post(f"{address}/cancellation", {"reason": "Traitement changé"})
    open_code = (await clinic.program(AWA).get(f"/prescriptions/{told.open}/paper")).json["short_code"]
    await clinic.program(DIOP).post(f"/prescriptions/{told.open}/cancellation", {"reason": "Traitement changé"})
    before = {name: store.content()[name] for name in HANDED_OVER}
    refused = (await clinic.program(NDIAYE).post(f"{address}/delivery", {"code": code})).problem(409)
    assert refused["current"] == "cancelled"
    page = await clinic.browser(NDIAYE).post(f"{address}/delivery", {"code": code})
    assert page.status == 409 and "annulée" in _said(page)
    found = await clinic.browser(NDIAYE).get(f"/prescriptions?q={paper['short_code']}")  # its own: she is led to it
    assert found.location == address and "Annulée" in _said(await clinic.browser(NDIAYE).get(address))
    assert "ne remettez rien" in _said(await clinic.browser(FALL).get(f"/prescriptions?q={open_code}"))
    assert (await clinic.program(FALL).post(f"/prescriptions/{told.open}/validation")).status in (404, 409)
    assert {name: store.content()[name] for name in HANDED_OVER} == before
