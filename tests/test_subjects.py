"""Each kind of thing that events are about has one entry, and everything that is said of it comes from there."""

import ast
import re
from pathlib import Path

import pytest
import steps
from cast import ADMIN, AWA, DIOP, NDIAYE
from store import Store

import fadjma
from fadjma.access import readings, reviewing
from fadjma.announcements import actions as announcements
from fadjma.events import Subject, subjects
from fadjma.events.inbox import Notification
from fadjma.events.subjects import INBOX, Kind, Row
from fadjma.identity.people import Viewer
from fadjma.live.fragments import Fragments

SOURCES = Path(fadjma.__file__).parent
TEMPLATES = SOURCES.parent / "templates"
ADDRESSES = {
    "access_request": "/access-requests/x",
    "prescription": "/prescriptions/x",
    "colleague_prescription": "/prescriptions/x",
    "record": "/records/x",
    "measurement": "/measurements/x",
    "patient": "/patients/x/accesses",
    "product": "/inventory/products/x",
    "receipt": "/inventory/receipts/x",
    "count": "/inventory/counts/x",
    "transfer": "/inventory/transfers/x",
    "account": "/accounts/x",
    "review": "/emergencies/x",
    "contest": "/contests/x",
    "announcement": "/announcements/x",
    "organization": "/organizations/x",
    "medicine": "/formulary/x",
    "medicine_import": "/formulary/imports/x",
    "organization_import": "/organizations/imports/x",
    "handover": "/handovers/x",
    "export": "/exports/x",
    "share": "/shares/x",
    "recall": "/recalls/x",
    "safety_entry": "/safety-tables",
    "safety_import": "/safety-tables/imports/x",
    "vaccination_recalls": "/vaccination-recalls",
    "settings": "/settings",
    "backup": "/monitoring#backups",
    "profile": "/account",
    "proxy": "/people",
    "identity": "/patients/x/card",
    "inbox": "/notifications",
}


def written_about() -> set[str]:
    """The kinds of which the program makes subjects."""
    found = set()
    for path in SOURCES.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = ast.unparse(call.func).split(".")[-1] if isinstance(call, ast.Call) else ""
            if not isinstance(call, ast.Call) or name not in ("Subject", "Tried"):
                continue
            kind = call.args[0 if name == "Subject" else 1]
            if isinstance(kind, ast.Constant):
                found.add(kind.value)
            else:  # what is read back from the table was written by one of the others
                assert ast.unparse(kind) in (
                    "subjects.INBOX",
                    "row['subject_kind']",
                    "waiting['subject_kind']",
                    "tried.kind",
                ), f"{path}: {ast.unparse(call)}"
    return found | {INBOX}


def test_every_kind_that_is_written_about_has_an_entry_and_no_other_has() -> None:
    assert {kind.name for kind in subjects.kinds()} == written_about()


def test_every_kind_leads_to_its_page() -> None:
    assert {kind.name: subjects.link(kind.name, "x") for kind in subjects.kinds()} == ADDRESSES


def test_every_kind_is_in_the_contract() -> None:
    [listed] = re.findall(r"`subject\.kind`: `([a-z_ ]+)`", (SOURCES.parent / "docs/http.md").read_text("utf-8"))
    assert set(listed.split()) == set(ADDRESSES)


@pytest.mark.parametrize("kind", [Kind("record", "/elsewhere"), Kind("letter", "/letters/{id}", "p")])
def test_two_kinds_of_one_name_or_prefix_are_refused(kind: Kind) -> None:
    with pytest.raises(ValueError, match=kind.name):
        subjects.register(kind)
    assert "letter" not in {known.name for known in subjects.kinds()}


def test_a_kind_without_an_element_has_no_place_in_a_page() -> None:
    with pytest.raises(AssertionError, match="patient"):
        subjects.element("patient", AWA.id)


def test_no_template_writes_a_prefix_by_itself() -> None:
    prefixes = "|".join(kind.prefix for kind in subjects.kinds() if kind.prefix)
    by_hand = re.compile(rf"""(id=["']?|#)({prefixes})\{{\{{""")
    assert not [path.name for path in TEMPLATES.rglob("*.html") if by_hand.search(path.read_text(encoding="utf-8"))]


def test_every_row_template_is_there() -> None:
    assert all((TEMPLATES / kind.row.template).is_file() for kind in subjects.kinds() if kind.row)


def _contested(store: Store) -> str:
    [line, *_] = store.read(readings.readings, AWA.id)
    return store.write(reviewing.contest, AWA, AWA.id, line.id, text="")


def _announced(store: Store) -> str:
    return store.write(announcements.publish, ADMIN, audience="patients", title="Coupure", body="Samedi")


@pytest.fixture
def things(store: Store) -> dict[str, tuple[str, Viewer, Viewer]]:
    """One of each kind that lists show: its id, somebody who may see it, and somebody who may not."""
    prescription, record = steps.issued(store), steps.write_record(store)
    return {
        "access_request": (store.value("SELECT id FROM access_requests"), AWA, NDIAYE),
        "prescription": (prescription, AWA, ADMIN),
        "record": (record, AWA, ADMIN),
        "account": (DIOP.id, ADMIN, DIOP),
        "review": (steps.emergency(store), ADMIN, DIOP),
        "contest": (_contested(store), AWA, DIOP),
        "announcement": (_announced(store), AWA, DIOP),
    }


def test_a_row_comes_and_goes_by_the_id_of_its_entry(
    store: Store, things: dict[str, tuple[str, Viewer, Viewer]]
) -> None:
    assert things.keys() == {kind.name for kind in subjects.kinds() if kind.row}
    for name, (id, may, may_not) in things.items():
        told = Notification(1, "notification", None, Subject(name, id), store.clock())
        shown = store.read(lambda tx, told=told, may=may: Fragments(tx).html(may, told))
        gone = store.read(lambda tx, told=told, may_not=may_not: Fragments(tx).html(may_not, told))
        assert shown.startswith(f"<li id={subjects.element(name, id)}"), name
        assert "data-gone" not in shown, name
        assert gone == f"<li id={subjects.element(name, id)} data-gone>", name


def test_a_new_kind_is_one_entry(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """With it, an event brings its row and its toast leads to its page: nothing else knows the kinds."""
    monkeypatch.setattr(subjects, "_KINDS", dict(subjects._KINDS))
    subjects.register(Kind("letter", "/letters/{id}", "z", Row("_gone.html", lambda tx, viewer, id: id)))
    told = Notification(1, "notification", "record.read", Subject("letter", "1"), store.clock())
    monkeypatch.setattr("fadjma.live.fragments.render", lambda template, *_, **context: f"{template} {context}")
    html = store.read(lambda tx: Fragments(tx).html(AWA, told))
    assert told.href == "/letters/1"
    assert html.startswith("_toast.html") and "_gone.html {'item': '1'" in html
