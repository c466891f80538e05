"""What a clinic chooses of its own rules: it counts at once, who chose it is kept, the environment counts more."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import steps
from callers import Callers
from cast import ADMIN, AMOXICILLIN, AWA, DIOP, GOMIS, NDIAYE
from store import Store
from told import SETTINGS

from fadjma import days, rules
from fadjma.inventory import actions as inventory
from fadjma.rules import Rules
from fadjma.settings import forms
from fadjma.timekeeping import Timekeeper

CHOSEN = {**SETTINGS, "version": 1}


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The rules are the process's."""
    before = rules.current()
    yield
    rules.settle(before)


async def _choose(clinic: Callers, **chosen: Any) -> Any:
    return await clinic.program(ADMIN).post("/settings", {**CHOSEN, **chosen})


async def test_the_files_of_time_zones_are_not_looked_for_on_the_event_loop(
    clinic: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms.zones.cache_clear()
    looked: list[threading.Thread] = []
    found = {"Africa/Abidjan"}
    monkeypatch.setattr(forms, "available_timezones", lambda: looked.append(threading.current_thread()) or found)
    assert (await _choose(clinic)).status == 200
    assert len(looked) == 1 and looked[0] is not threading.current_thread()
    forms.zones.cache_clear()


async def test_until_somebody_chooses_the_defaults_count(clinic: Callers) -> None:
    told = (await clinic.program(ADMIN).get("/settings")).json
    assert told == {
        **{
            "id": "clinic",
            "status": "active",
            "version": 1,
            "validity_days": 90,
            "expiry_days": 30,
            "lock_minutes": 15,
            "proxy_age": 18,
        },
        **{"time_zone": "Africa/Dakar", "second_factor": False, "fixed": [], "history": []},
    }


async def test_what_is_chosen_counts_at_once_and_is_written_down(clinic: Callers, store: Store) -> None:
    answer = await _choose(clinic)
    assert (answer.status, answer.json["version"], answer.json["validity_days"]) == (200, 2, 60)
    assert rules.current() == Rules("Africa/Abidjan", 60, 45, 10, 18)
    assert str(days.zone()) == "Africa/Abidjan"
    history = {change["setting"]: change for change in answer.json["history"]}
    assert history.keys() == {"validity_days", "expiry_days", "lock_minutes", "time_zone"}
    assert (history["validity_days"]["before"], history["validity_days"]["after"]) == (90, 60)
    assert history["validity_days"]["actor"]["name"] == ADMIN.name
    page = (await clinic.browser(ADMIN).get("/settings")).text
    assert 'name="validity_days" type="text" value="60"' in page and "Africa/Abidjan" in page


async def test_a_prescription_is_valid_for_as_long_as_that(clinic: Callers, store: Store) -> None:
    await _choose(clinic, validity_days=7)
    line = {"medicine_id": AMOXICILLIN, "dosage": "1 comprimé", "quantity": 3, "duration_days": 1}
    issued = (await clinic.program(DIOP).post(f"/patients/{AWA.id}/prescriptions", {"lines": [line]})).json
    sql = "SELECT valid_until - issued_at FROM prescriptions WHERE id = ?"
    assert store.value(sql, issued["id"]) == 7 * steps.DAY


async def test_a_pharmacy_is_warned_of_a_lot_as_early_as_that(clinic: Callers, store: Store) -> None:
    lot = steps.receive(store, number="EN-40-JOURS", expires_on=steps.in_days(store, 40))
    store.write(inventory.warn_expiring, 200)

    async def read() -> tuple[str, bool]:
        items = (await clinic.program(NDIAYE).get("/inventory")).json["items"]
        [state] = [one["status"] for item in items for one in item["lots"] if one["id"] == lot]
        told = store.value("SELECT expiry_told_at FROM lots WHERE id = ?", lot)
        return state, told is not None

    assert await read() == ("ok", False), "thirty days"
    await _choose(clinic, expiry_days=40)
    assert store.news(inventory.warn_expiring, 200) == {NDIAYE.id: ["stock.expiring"], GOMIS.id: ["stock.expiring"]}
    assert await read() == ("soon", True)


async def test_nothing_changed_is_no_change(clinic: Callers, store: Store) -> None:
    now = {name: getattr(Rules(), name) for name in CHOSEN if name != "version"}
    assert (await _choose(clinic, **now)).json["version"] == 1
    assert store.value("SELECT count(*) FROM audit_events WHERE action = 'setting.changed'") == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("validity_days", value) for value in (0, 367, "bientôt", "")),
        *(("lock_minutes", value) for value in (0, 721, 1.5)),
        *(("proxy_age", value) for value in (11, 26)),
        *(("time_zone", value) for value in ("", "Dakar", "../etc/passwd", "x" * 50, "localtime", "Factory")),
    ],
)
async def test_what_cannot_be_chosen_is_named(clinic: Callers, name: str, value: object) -> None:
    assert (await _choose(clinic, **{name: value})).errors().keys() == {name}
    assert rules.current() == Rules()


class TestTheEnvironment:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"fixed": {"time_zone": "Africa/Libreville"}}

    async def test_counts_more_than_what_is_chosen_and_is_not_changed(self, clinic: Callers) -> None:
        assert str(days.zone()) == "Africa/Libreville"
        assert (await _choose(clinic)).errors().keys() == {"time_zone"}
        assert (await _choose(clinic, time_zone="Africa/Libreville")).status == 200
        told = (await clinic.program(ADMIN).get("/settings")).json
        assert (told["fixed"], told["validity_days"]) == (["time_zone"], 60)
        assert "fixé sur le serveur" in (await clinic.browser(ADMIN).get("/settings")).text


async def test_another_process_hears_of_it(clinic: Callers) -> None:
    await _choose(clinic)
    rules.settle(Rules())  # as the other one has it until its timekeeper looks
    keeper = Timekeeper(clinic.app.extensions["database"], settle_rules=clinic.app.extensions["running"].settle_rules)
    keeper.start()
    async with asyncio.timeout(20):
        while rules.current().validity_days != 60:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    await keeper.stop()
