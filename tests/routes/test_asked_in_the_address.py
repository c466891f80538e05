"""What an address asks for after its `?`: what cannot be taken is refused to a program by name, and no page minds."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from callers import Callers
from cast import ADMIN, AWA, DIOP, GASSAMA, NDIAYE, PARACETAMOL, THIAM
from quart import Quart
from store import Store
from told import ACTS, READS, Route, Told

from fadjma.identity.people import Viewer

CONTRACT = (Path(__file__).parents[2] / "docs" / "http.md").read_text()
PAGES_ALONE = {"/inventory/lots/<id>", ""}  # whose programs have no list


@dataclass(frozen=True)
class Asked:
    """An address with parameters, one who may read it, and those that are one of some words."""

    path: str
    who: Viewer
    words: tuple[str, ...] = ()
    before: bool = True
    as_documented: str = ""

    def __str__(self) -> str:
        return f"{self.path} {self.who.name}"

    @property
    def contract(self) -> str:
        return self.as_documented or self.path.partition("?")[0]


LISTS = [
    Asked("/sessions", AWA),
    Asked("/security-events", ADMIN),
    Asked("/accounts", ADMIN),
    Asked("/audit", ADMIN, ("kind",)),
    Asked("/announcements", AWA),
    Asked("/patients?q=ndiaye", THIAM),
    Asked("/patients?mine=1", DIOP, ("mine", "recent")),
    Asked("/patients", GASSAMA),
    Asked("/patient-links", ADMIN),
    Asked("/patients/awa/file", AWA, as_documented="/patients/<id>/file"),
    Asked("/formulary", ADMIN),
    Asked("/safety-tables", DIOP, ("status",)),
    Asked("/access-requests", AWA, ("place",)),
    Asked("/contests", ADMIN, ("place",)),
    Asked("/emergencies", ADMIN, ("place",)),
    Asked("/patients/awa/records", DIOP, ("type",), as_documented="/patients/<id>/records"),
    Asked("/patients/awa/measurements", DIOP, as_documented="/patients/<id>/measurements"),
    Asked("/patients/awa/papers", DIOP, as_documented="/patients/<id>/papers"),
    Asked("/patients/awa/accesses", AWA, as_documented="/patients/<id>/accesses"),
    Asked("/vaccination-recalls", THIAM, ("only",)),
    Asked("/prescriptions", NDIAYE, ("place", "step")),
    Asked("/prescriptions?patient=awa", DIOP),
    Asked("/dispensing-register", NDIAYE, ("whole",)),
    Asked("/handovers", NDIAYE),
    Asked("/medicines?q=para", DIOP),
    Asked("/inventory", NDIAYE, ("only",)),
    Asked("/inventory/receipts", NDIAYE),
    Asked("/inventory/counts", NDIAYE),
    Asked("/inventory/counts/new", NDIAYE),
    Asked("/inventory/transfers", NDIAYE),
    Asked("/notifications", AWA, ("about",)),
]
FILES = [
    Asked("/dispensing-register/export", NDIAYE, ("format",), before=False),
    Asked("/inventory/consumption/export", NDIAYE, ("format",), before=False),
    Asked("/inventory/movements/export", NDIAYE, ("format",), before=False),
    Asked("/audit/export", ADMIN, ("kind",), before=False),
]
WORDS = [(asked, word) for asked in (*LISTS, *FILES) for word in asked.words]


def _with(path: str, name: str, value: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{name}={value}"


def test_every_list_of_the_contract_is_here() -> None:
    said = set(re.findall(r"`(?:GET (/[^`?]*))?\?(?:[^`]*&)?before=", CONTRACT)) - PAGES_ALONE
    assert said <= {asked.contract for asked in LISTS}


@pytest.mark.parametrize("asked", LISTS, ids=str)
async def test_a_cursor_that_is_none_is_refused_to_a_program(clinic: Callers, told: Told, asked: Asked) -> None:
    """The first page, taken for the next one, would come without end."""
    program = clinic.program(asked.who)
    assert (await program.get(asked.path)).status == 200
    for value in ("x", "~", "-1", "9" * 16, "next"):
        errors = (await program.get(_with(asked.path, "before", value))).errors()
        assert errors.keys() == {"before"}, value
    assert (await program.get(_with(asked.path, "before", ""))).status == 200


@pytest.mark.parametrize("asked", LISTS, ids=str)
async def test_and_is_the_first_page_to_a_person(clinic: Callers, told: Told, asked: Asked) -> None:
    browser = clinic.browser(asked.who)
    first = await browser.get(asked.path)
    again = await browser.get(_with(asked.path, "before", "x"))
    assert (first.status, again.status) == (200, 200)
    if "<title>" in first.text:  # what is found while one types is a part of a page
        assert again.title == first.title


@pytest.mark.parametrize(("asked", "name"), WORDS, ids=str)
async def test_a_word_that_is_not_known_is_refused_to_a_program(
    clinic: Callers, told: Told, store: Store, asked: Asked, name: str
) -> None:
    """Left out, it would be another list than was asked for: all of it."""
    path = asked.path.partition("?")[0]
    before = store.content()
    errors = (await clinic.program(asked.who).get(_with(path, name, "nowhere"))).errors()
    assert errors.keys() == {name}
    assert " : " in errors[name] or "\xa0: " in errors[name], "it says which ones there are"
    assert store.content() == before, "nothing was read"
    assert (await clinic.browser(asked.who).get(_with(path, name, "nowhere"))).status == 200


@pytest.mark.parametrize("route", ACTS, ids=lambda route: route.path)
async def test_an_act_takes_what_it_needs_in_its_body(clinic: Callers, told: Told, store: Store, route: Route) -> None:
    """`confirm` after the `?` would be passed over, and something else done than was meant."""
    before, program = store.content(), clinic.program(route.who)
    errors = (await program.post(f"{route.at(told)}?confirm=true&next=/", route.body or {})).errors()
    assert errors.keys() == {"confirm"}
    assert store.content() == before


ELSEWHERE = ("/events", "/api/events", "/fhir/")  # which say themselves what they take
SPANS = [span for span in re.findall(r"`GET (/[^`?]*)\?([^`]*)`", CONTRACT) if not span[0].startswith(ELSEWHERE)]
PATTERN = re.compile(r"<[^>]*>")


@pytest.mark.parametrize(("address", "query"), SPANS, ids=lambda value: value[:60])
def test_every_parameter_of_the_contract_is_taken(app: Quart, address: str, query: str) -> None:
    adapter = app.url_map.bind("clinic.test")
    view = app.view_functions[adapter.match(PATTERN.sub("x", address), method="GET")[0]]
    names = {part.partition("=")[0] for part in query.split("&")} - {"…", "allergies", "since", "until"}
    assert {name for name in names if not view.takes.fullmatch(name)} == set()  # type: ignore[attr-defined]


@pytest.mark.parametrize("route", READS, ids=lambda route: route.path)
async def test_what_an_address_does_not_take_is_refused_to_a_program(
    clinic: Callers, told: Told, store: Store, route: Route
) -> None:
    """A name that is misspelt would be the whole list, or no alert."""
    before = store.content()
    where = _with(route.at(told), "plaec", "now")
    assert (await clinic.program(route.who).get(where)).errors().keys() == {"plaec"}
    assert store.content() == before, "nothing was read"
    if not route.path.startswith(("/me", "/notifications/poll")):
        assert (await clinic.browser(route.who).get(where)).status == 200


async def test_nor_is_one_that_comes_twice(clinic: Callers, told: Told) -> None:
    errors = (await clinic.program(NDIAYE).get("/prescriptions?place=now&place=rest")).errors()
    assert errors == {"place": "Le champ «\xa0place\xa0» est donné plusieurs fois."}
    both = "/patients/awa/safety?medicine_id=paracetamol-500&medicine_id=amoxicillin-1g"
    assert (await clinic.program(DIOP).get(both)).status == 200


OTHERS = [
    (DIOP, f"/patients/awa/safety?medicine_id={PARACETAMOL}&medicine_id=none", "medicine_id"),
    (DIOP, "/patients/awa/safety?lines-0-medicine_id=none", "medicine_id"),
    (DIOP, "/patients/awa/safety?" + f"&medicine_id={PARACETAMOL}" * 16, "medicine_id"),
    (DIOP, f"/inventory/coverage?lines-0-medicine_id={PARACETAMOL}&lines-0-quantity=ten", "lines-0-quantity"),
    (DIOP, f"/inventory/coverage?lines-0-medicine_id={PARACETAMOL}&lines-0-quantity=-10", "lines-0-quantity"),
    (DIOP, f"/posology?medicine_id={PARACETAMOL}&dosage=1x3/j&duration_days=week", "duration_days"),
    (DIOP, "/prescriptions?patient=awa&place=now", "place"),
    (DIOP, "/prescriptions?patient=awa&step=validate", "step"),
    (AWA, "/patients/awa/records?from=2026-02-30", "from"),
    (ADMIN, "/audit?day=2026-13-01", "day"),
    (NDIAYE, "/inventory/consumption?month=2026-13", "month"),
    (NDIAYE, "/dispensing-register?month=november", "month"),
]


@pytest.mark.parametrize(("who", "where", "name"), OTHERS, ids=lambda value: str(value)[:60])
async def test_what_is_asked_of_a_thing_is_taken_or_refused(
    clinic: Callers, told: Told, who: Viewer, where: str, name: str
) -> None:
    """A medicine that was left out would have no alerts, and a quantity every pharmacy."""
    assert (await clinic.program(who).get(where)).errors().keys() == {name}


async def test_a_month_and_a_day_in_the_digits_of_any_script(clinic: Callers, told: Told) -> None:
    for where in ("/inventory/consumption?month=", "/dispensing-register?month="):
        assert (await clinic.program(NDIAYE).get(f"{where}٢٠٢٦-١١")).json["month"] == "2026-11"
    assert (await clinic.program(ADMIN).get("/audit?day=٢٠٢٦-١١-٢٤")).status == 200


async def test_a_stream_is_asked_for_by_the_names_that_it_knows(clinic: Callers, told: Told) -> None:
    """From now on, it would leave out what was missed."""
    (await clinic.program(AWA).get("/api/events?since=0")).problem(400)
