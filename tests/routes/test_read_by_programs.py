"""What pages show beside a thing and programs need as much."""

from callers import Callers
from cast import AWA, DIOP, FALL, KADD, NDIAYE
from told import OTHER, Told


async def test_where_a_prescription_is_addressed_until_a_pharmacy_has_it(clinic: Callers, told: Told) -> None:
    awa, diop = clinic.program(AWA), clinic.program(DIOP)
    where = (await diop.post("/patients/awa/prescriptions", {"lines": [OTHER]})).location
    assert (await awa.get(where)).json["addressed_to"] is None
    chosen = (await awa.post(f"{where}/pharmacy", {"pharmacy_id": KADD})).json
    assert (chosen["addressed_to"]["id"], chosen["pharmacy"]) == (KADD, None)
    for reader in (AWA, DIOP, FALL):
        found = (await clinic.program(reader).get(where)).json
        assert found["addressed_to"] == chosen["addressed_to"], reader.name
        assert found["addressed_to"]["name"]
    taken = (await clinic.program(FALL).post(f"{where}/validation", {"confirm": True})).json
    assert (taken["pharmacy"], taken["addressed_to"]) == (chosen["addressed_to"], None)


async def test_of_what_a_lot_is(clinic: Callers, told: Told) -> None:
    program = clinic.program(NDIAYE)
    lot = (await program.get(f"/inventory/lots/{told.lot}")).json
    product = (await program.get(f"/inventory/products/{lot['product_id']}")).json
    assert lot["medicine_id"] == product["medicine"]["id"]
    assert lot["unit"] == product["medicine"]["unit"]
    assert lot["medicine"].startswith(product["medicine"]["dci"])
    sheet = (await program.get("/inventory/counts/new")).json["items"]
    assert next(one for one in sheet if one["id"] == told.lot)["medicine"] == lot["medicine"]


async def test_of_a_list_no_more_than_it_has_read(clinic: Callers, told: Told) -> None:
    """A delivery with lines to be checked had none of them in its list."""
    program = clinic.program(NDIAYE)
    for where, one, beyond in (
        ("/inventory/receipts", told.delivery, {"items", "to_check", "received_before"}),
        ("/inventory/counts", told.count, {"items"}),
    ):
        whole = (await program.get(f"{where}/{one}")).json
        listed = next(item for item in (await program.get(where)).json["items"] if item["id"] == one)
        assert listed == {name: value for name, value in whole.items() if name not in beyond}
        assert whole.keys() >= beyond
