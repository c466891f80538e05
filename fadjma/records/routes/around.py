"""What stands around the forms of a file, and the two answers of everything that writes in it."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypedDict

from quart import Response

from fadjma import days, web
from fadjma.access import grants
from fadjma.access import queries as access
from fadjma.access.states import OPENS
from fadjma.identity import births, directory
from fadjma.identity.directory import Identity, Patient
from fadjma.identity.people import Viewer
from fadjma.records import actions, allergies, measurements, queries
from fadjma.records.allergies import Allergies
from fadjma.records.measurements import Measurement
from fadjma.store import Transaction

P = ParamSpec("P")

_ROW = "records/_row.html"


class AroundNew(TypedDict):
    """What the form of a new record stands beside."""

    file: queries.File
    allergies: Allergies
    unit: str  # in which a weight of today is typed


async def around_new(patient_id: str) -> AroundNew:
    return await web.see_traced(open_new, patient_id, again=True)  # from the open file, or back


def open_new(tx: Transaction, viewer: Viewer, patient_id: str, *, again: bool) -> AroundNew:
    file = actions.open_to_write(tx, viewer, patient_id, again=again)
    unit = unit_of_weight(tx, file.patient)
    return {"file": file, "allergies": allergies.of_patient(tx, patient_id), "unit": unit}


def unit_of_weight(tx: Transaction, patient: Identity) -> str:
    return "g" if births.is_newborn(patient.birth_date, days.day(tx.now)) else "kg"


class Banner(TypedDict):
    """What stays in sight of a patient while one acts for them. None: not for this person to see, or not now."""

    grant: access.AccessRequest | None
    allergies: Allergies | None
    weight: Measurement | None  # the newest; None also where there is none
    alike: tuple[Patient, ...]  # whom the viewer may take for this one


def banner(tx: Transaction, viewer: Viewer, patient_id: str) -> Banner:
    grant = grants.granted(tx, viewer, patient_id, queries.part_of("allergy"))
    weighed = grant is not None and grant.scope in OPENS[measurements.PART]
    return {
        "grant": grant,
        "allergies": allergies.of_patient(tx, patient_id) if grant else None,
        "weight": measurements.newest(tx, patient_id, "body_weight") if weighed else None,
        "alike": grants.open_alike(tx, viewer, directory.patient(tx, patient_id)) if grant else (),
    }


def may_write(tx: Transaction, viewer: Viewer, patient_id: str, record_type: str) -> bool:
    part = queries.part_to_write(record_type)
    writes = viewer.role == "doctor" and record_type != "document"  # what a patient has brought is theirs
    return writes and grants.grant(tx, viewer.id, patient_id, part) is not None


async def add(
    action: Callable[Concatenate[Transaction, Viewer, str, P], str],
    patient_id: str,
    page: str,
    /,
    *args: P.args,
    **said: P.kwargs,
) -> Response:
    """Write a record down by `action`; people see next the `page` of the file on which it stands."""
    acted = await web.act(action, queries.record, patient_id, *args, **said)
    there = f"/records/{acted.resource.id}"
    return web.done(acted, _ROW, there, created=True, then=f"/patients/{patient_id}/{page}")


async def correct(
    action: Callable[Concatenate[Transaction, Viewer, str, P], str], record_id: str, /, *args: P.args, **said: P.kwargs
) -> Response:
    """Add a version to a record by `action`."""
    acted = await web.act(action, queries.record, record_id, *args, **said)
    return web.done(acted, _ROW, f"/records/{record_id}", created=True)
