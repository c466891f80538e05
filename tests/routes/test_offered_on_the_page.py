"""The page shows a form for each act that the viewer can do now, and for no other: everybody, in every state."""

import re
from typing import get_args

import pytest
from callers import Callers
from cast import AWA, CAST, DIOP, NDIAYE, THIAM
from store import Clock, Store
from told import Told

from fadjma.access import queries as access
from fadjma.access import states as access_states
from fadjma.identity.people import Viewer
from fadjma.prescriptions import queries, renewals, states
from fadjma.prescriptions.prescription import Prescription
from fadjma.refusals import NotFound
from fadjma.store import Transaction

KEEPS = "set"  # makes something else of its lines, for whichever patient: nothing is done to the prescription


# Of a renewal, beside what is done to the prescription itself: by whether it waits for its answer, and whose it is.
RENEWAL = {(False, AWA.id): "renewal", (True, AWA.id): "renewal-withdrawal", (True, DIOP.id): "renewal-refusal"}


def _of_renewal(tx: Transaction, person: Viewer, found: Prescription) -> set[str]:
    renewing = renewals.of_prescription(tx, person, found)
    if renewing is None or (renewing.why_not and not renewing.waiting):
        return set()
    return {path for (waits, who), path in RENEWAL.items() if (waits, who) == (renewing.waiting, person.id)}


async def _shown(clinic: Callers, person: Viewer, path: str) -> set[str]:
    """The last part of the address of each form on the page that acts on the thing itself."""
    page = await clinic.browser(person).get(path)
    assert page.status in (200, 404)
    forms = set(re.findall(f'<form method="post" action="{path}/([^"]*)"', page.text))
    links = re.findall(r'<a class="btn"[^>]* href="/patients/awa/prescriptions/new\?replaces=', page.text)
    return forms | ({""} if links else set())


def _in_state(store: Store, prescription_id: str, state: str) -> None:
    """Put a prescription in a state that no act need lead to from where it is."""
    store.without("prescriptions_transitions")
    store.connection.execute(
        "UPDATE prescriptions SET status = ?, status_reason = 'dose: raison' WHERE id = ?", (state, prescription_id)
    )


WITHOUT_A_PHARMACY = ("issued", "cancelled", "expired", "entered_in_error")
IN_STATES = [
    *(("asked", state) for state in get_args(states.Status)),
    *(("validated", state) for state in get_args(states.Status)),
    *(("open", state) for state in WITHOUT_A_PHARMACY),
]


@pytest.mark.long
@pytest.mark.parametrize(("which", "state"), IN_STATES)
async def test_of_a_prescription(clinic: Callers, told: Told, store: Store, which: str, state: str) -> None:
    prescription_id = getattr(told, which)
    _in_state(store, prescription_id, state)
    for person in CAST:
        try:
            found = store.read(queries.prescription_in_full, person, prescription_id)
            offered = {act.offer.path for act in found.offered(person) if act.offer}
            offered |= store.read(_of_renewal, person, found)
            if person.role == "doctor" and not found.hidden:
                offered.add(KEEPS)
        except NotFound:
            offered = set()
        assert await _shown(clinic, person, f"/prescriptions/{prescription_id}") == offered


async def test_by_keyboard_the_page_has_the_letters_of_the_table(clinic: Callers, told: Told, store: Store) -> None:
    async def letters(person: Viewer, state: str, prescription_id: str = told.validated) -> str:
        _in_state(store, prescription_id, state)
        page = await clinic.browser(person).get(f"/prescriptions/{prescription_id}")
        return "".join(re.findall(r'<(?:button|summary|a class="btn")[^>]* data-key="(.)"', page.text))

    shown = {state: await letters(NDIAYE, state) for state in ("issued", "validated", "prepared", "ready", "on_hold")}
    assert shown == {"issued": "v", "validated": "pmadx", "prepared": "rpmadx", "ready": "rpmd", "on_hold": "pvmdx"}
    assert await letters(NDIAYE, "ready", told.ready) == "rmd", "all of it is put aside: nothing to prepare anew"
    assert await letters(DIOP, "validated") == "ae"
    assert await letters(AWA, "validated") == ""


async def test_of_one_that_has_just_expired_its_patient_alone_is_offered_something(
    clinic: Callers, told: Told, store: Store, clock: Clock
) -> None:
    store.connection.execute("UPDATE prescriptions SET valid_until = ?", (clock.now,))
    for prescription_id in (told.issued, told.open, told.validated, told.ready, told.refused):
        for person in CAST:
            kept = {DIOP.id: {KEEPS}, AWA.id: {"renewal"}}.get(person.id, set())
            assert await _shown(clinic, person, f"/prescriptions/{prescription_id}") == kept


async def test_every_form_of_the_table_has_an_address(clinic: Callers) -> None:
    rules = {str(rule) for rule in clinic.app.url_map.iter_rules() if rule.methods and "POST" in rule.methods}
    paths = {
        f"/prescriptions/<prescription_id>/{act.offer.path}" for act in states.ACTS if act.offer and act.offer.path
    }
    paths.add("/prescriptions/<prescription_id>/closing")  # of its page, by which nothing is done to it
    paths.add("/prescriptions/<prescription_id>/patient-copy")  # of the page of its paper
    paths |= {f"/prescriptions/<prescription_id>/{path}" for path in (KEEPS, *RENEWAL.values())}
    assert {rule for rule in rules if rule.startswith("/prescriptions/<prescription_id>/")} == paths
    paths = {f"/access-requests/<request_id>/{act.offer.path}" for act in access_states.ACTS if act.offer}
    assert {rule for rule in rules if rule.startswith("/access-requests/<request_id>/")} == paths


@pytest.mark.parametrize("state", get_args(access_states.Status))
async def test_of_an_access_request(clinic: Callers, told: Told, store: Store, state: str) -> None:
    store.without("access_requests_transitions")
    store.connection.execute(
        "UPDATE access_requests SET status = ?, scope = 'full', decided_at = 1, expires_at = lapses_at, "
        "emergency_code = 'unconscious' WHERE id = ?",
        (state, told.pending),
    )
    given = {"document": "Carte d'identité 1 234", "pin": "193746"}  # without one, the form for it is not shown
    assert (await clinic.program(THIAM).post("/patients/awa/pin", given)).status == 201
    for person in CAST:
        try:
            offered = {
                act.offer.path
                for act in store.read(access.access_request, person, told.pending).offered(person)
                if act.offer
            }
        except NotFound:
            offered = set()
        assert await _shown(clinic, person, f"/access-requests/{told.pending}") == offered


@pytest.mark.parametrize(
    ("person", "which", "act", "sent", "said"),
    [
        (NDIAYE, "validated", "refusal", {"code": "", "text": "Trop forte"}, "Trop forte"),
        (NDIAYE, "validated", "hold", {"reason": "x"}, ">x</textarea>"),
        (NDIAYE, "ready", "delivery", {"code": "", "identity_document": "CNI 12"}, 'value="CNI 12"'),
        (DIOP, "issued", "cancellation", {"reason": ""}, '<details open><summary data-key="a">Annuler'),
    ],
)
async def test_what_was_typed_comes_back_in_its_own_form(
    clinic: Callers, told: Told, person: Viewer, which: str, act: str, sent: dict[str, str], said: str
) -> None:
    page = await clinic.browser(person).post(f"/prescriptions/{getattr(told, which)}/{act}", sent)
    assert page.status == 422
    assert said in page.text
    assert page.text.count('id="errors"') == 1
