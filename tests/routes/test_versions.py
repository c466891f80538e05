"""What each version of a record changed, on the record's page."""

from callers import Callers
from cast import AWA, DIOP
from markupsafe import escape
from store import Store
from told import BODY, Told

from fadjma.records import actions


def _amend(store: Store, record_id: str, version: int, body: str) -> None:
    store.write(actions.amend, DIOP, record_id, version=version, title="Hypertension", body=body, reason="Relu")


async def test_what_changed_is_marked_and_said_and_escaped(clinic: Callers, told: Told, store: Store) -> None:
    for number, body in enumerate(("Prendre 250 mg <i>le soir", "Prendre 500 mg <i>le soir"), 1):
        _amend(store, told.record, number, body)
    page = (await clinic.browser(AWA).get(f"/records/{told.record}")).text
    assert '<del><span class="vh">[retiré]</span> 250</del><ins><span class="vh">[ajouté]</span> 500</ins> mg' in page
    assert "mg &lt;i&gt;le soir" in page
    assert "<i>" not in page
    assert page.count(f'"auto">{escape(BODY)}<') == 1  # the first version, as it was written


async def test_of_very_many_versions_the_newest_are_marked(clinic: Callers, told: Told, store: Store) -> None:
    for number in range(1, 25):
        _amend(store, told.record, number, f"Tension {number}")
    page = (await clinic.browser(AWA).get(f"/records/{told.record}")).text
    assert page.count("[ajouté]</span> ") == 20
    assert "<bdi>Hypertension</bdi>" in page
