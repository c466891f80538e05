"""The streams of a session that acts for somebody else: whose news comes, and that it ends when the right or the choice
does.
"""

import pytest
from live_people import Clinic, Person

from fadjma.identity import proxies
from fadjma.store import Transaction

WITHIN = 2.0  # seconds (docs/decisions/11-rights-when-used.md)


def _let(clinic: Clinic, proxy: Person, patient: Person, *, of_age: bool = False) -> str:
    """The one may act for the other."""
    return clinic.store.write(
        lambda tx: proxies.add(
            tx,
            proxy_id=proxy.id,
            patient_id=patient.id,
            relationship="parent",
            of_age=of_age,
            by=patient.id,
            seen="",
            document="",
            accepted=True,
            until=None,
        )
    )


async def _act_for(clinic: Clinic, who: Person, person: Person) -> None:
    assert (await clinic.post(who, "/acting", person_id=person.id)).status_code == 204


async def test_the_news_of_the_patient_comes_whoever_one_acts_for(clinic: Clinic) -> None:
    mother, child, diop = clinic.patient(), clinic.patient("Fatou"), clinic.doctor()
    _let(clinic, mother, child)
    own = await clinic.listening(mother)
    await clinic.ask(diop, child)
    [event] = await own.news(1)
    assert (event.json["for"], event.json["message"]) == (
        {"id": child.id, "name": child.name},
        "Un médecin demande l'accès à ce dossier",
    )
    await _act_for(clinic, mother, child)
    assert await own.bye(WITHIN) == "changed"
    acting = await clinic.listening(mother, "/events")
    await clinic.ask(clinic.doctor("Sarr"), child)
    [row] = await acting.news(1)
    assert "Répondre" in row.data and "Pour une personne" not in row.data


@pytest.mark.parametrize("who", ["the patient", "whoever acts"])
async def test_ended_by_either_side_while_it_is_open(clinic: Clinic, who: str) -> None:
    mother, child = clinic.patient(), clinic.patient("Fatou")
    given = _let(clinic, mother, child)
    await _act_for(clinic, mother, child)
    acting, own = await clinic.listening(mother, "/events"), await clinic.listening(child)
    await clinic.post(child if who == "the patient" else mother, f"/proxies/{given}/ending")
    assert await acting.bye(WITHIN) == "withdrawn"
    assert (await clinic.get(mother, f"/patients/{child.id}/records")).status_code == 404
    assert (await clinic.get(mother, "/me")).json()["id"] == mother.id
    assert await own.news(1)  # the patient's own goes on


async def test_what_another_process_or_time_has_ended_is_noticed(clinic: Clinic) -> None:
    mother = clinic.patient()
    for change in (
        lambda tx, given, child: proxies.end(tx, given, by=None),
        lambda tx, given, child: tx.execute(
            "UPDATE proxies SET until = :now WHERE id = :id", {"now": tx.now, "id": given}
        ),
        lambda tx, given, child: tx.execute("UPDATE patients SET birth_date = '1990' WHERE user_id = ?", (child,)),
    ):
        child = clinic.patient("Fatou")
        clinic.store.write(_is_born, child.id)
        given = _let(clinic, mother, child, of_age=True)
        await _act_for(clinic, mother, child)
        stream = await clinic.listening(mother)
        clinic.store.write(change, given, child.id)
        assert await stream.bye(WITHIN) == "withdrawn"


def _is_born(tx: Transaction, child_id: str) -> None:
    tx.execute("UPDATE patients SET birth_date = '2020-05-03' WHERE user_id = ?", (child_id,))


async def test_a_page_of_another_person_gets_no_stream_and_is_told_why(clinic: Clinic) -> None:
    mother, child, stranger = clinic.patient(), clinic.patient("Fatou"), clinic.patient("Moussa")
    _let(clinic, mother, child)
    assert (await clinic.stream(mother, "/events", user=child.id)).status == 409
    await _act_for(clinic, mother, child)
    assert (await clinic.stream(mother, "/events", user=mother.id)).status == 409
    assert (await clinic.stream(mother, "/events", user=stranger.id)).status == 403
