"""Parts of a page that fetch themselves after an event: which events, from where."""

import re
from datetime import date
from html.parser import HTMLParser

import pytest
from callers import Callers
from cast import AWA, DIOP, FALL, NDIAYE, SARR
from told import Told

from fadjma import days
from fadjma.identity.people import Viewer
from fadjma.web import answers

ACCESS, RECORD = "access_request_status_changed", "medical_record_updated"
PRESCRIPTION, NOTIFICATION = "prescription_status_changed", "notification"
AS_CHOSEN = ["chosen", "from:closest", "form", "delay:300ms"]  # of the form itself, and no event of the stream
INBOX = {"new_access_request", ACCESS, PRESCRIPTION, RECORD, NOTIFICATION}
FOLLOWING: list[tuple[Viewer, str, set[str]]] = [
    (AWA, "/notifications", INBOX),
    (DIOP, "/notifications", INBOX),
    (AWA, "/patients/awa/accesses", {NOTIFICATION}),
    (AWA, "/access-requests/{pending}", {ACCESS}),
    (DIOP, "/access-requests/{granted}", {ACCESS}),
    (AWA, "/records/{record}", {RECORD}),
    (DIOP, "/records/{record}", {RECORD, ACCESS}),
    (DIOP, "/patients/awa/records", {RECORD, ACCESS}),
    (AWA, "/prescriptions/{issued}", {PRESCRIPTION}),
    (DIOP, "/prescriptions/{issued}", {PRESCRIPTION, RECORD, ACCESS}),
    (NDIAYE, "/prescriptions/{validated}", {PRESCRIPTION, RECORD}),
    (NDIAYE, "/", {NOTIFICATION, PRESCRIPTION}),
    (NDIAYE, "/prescriptions", {PRESCRIPTION}),
    (NDIAYE, "/prescriptions?step=prepare", {PRESCRIPTION}),
    (NDIAYE, "/inventory", {NOTIFICATION}),
    (NDIAYE, "/inventory/lots/{lot}", {NOTIFICATION}),
    (NDIAYE, "/inventory/receipts", {NOTIFICATION}),
    (NDIAYE, "/inventory/receipts/{delivery}", {NOTIFICATION}),
    (NDIAYE, "/inventory/counts", {NOTIFICATION}),
    (NDIAYE, "/inventory/transfers", {NOTIFICATION}),
    (FALL, "/inventory/transfers/{coming}", {NOTIFICATION}),
    (DIOP, "/patients", {ACCESS}),
    (DIOP, "/patients?q=FJ-7K2MQ-0XW4D", {ACCESS}),
    (DIOP, "/patients/awa/prescriptions/new", {RECORD, ACCESS}),
    (DIOP, "/patients/awa/records/new", {RECORD, ACCESS}),
]


class Page(HTMLParser):
    """The elements of a page that follow events, as their attributes, and every id."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.following: list[dict[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids.append(found.get("id", ""))
        if "from:body" in found.get("hx-trigger", ""):
            assert tag in ("div", "section", "nav"), tag
            self.following.append(found)

    @property
    def events(self) -> set[str]:
        parts = [part.split() for one in self.following for part in one["hx-trigger"].split(",")]
        parts = [part for part in parts if part != AS_CHOSEN]
        assert all(part[1:] in (["from:body"], ["from:body", "delay:1s"]) for part in parts), parts
        return {part[0] for part in parts}


@pytest.mark.parametrize(("who", "where", "events"), FOLLOWING)
async def test_a_page_follows_what_it_shows(
    clinic: Callers, told: Told, who: Viewer, where: str, events: set[str]
) -> None:
    page = Page((await clinic.browser(who).get(where.format(**vars(told)))).text)
    assert page.events == events
    for part in page.following:
        fetched = await clinic.htmx(who).get(part["hx-get"], X_Live="1")
        assert fetched.status == 200
        if part["hx-swap"] == "none":  # each piece goes where the one with its id is
            pieces = re.findall('<b id="([^"]+)" hx-swap-oob="true">', fetched.text)
            assert pieces and set(pieces) < set(page.ids)
            continue
        assert part["hx-target"].removeprefix("#") in [*page.ids, "this"]
        if part["hx-select"] == "unset":  # all that comes, which is no page
            assert part["hx-target"] == "this" and "<html" not in fetched.text
            continue
        assert part["hx-select"].split(",")[0].split(" ")[0].removeprefix("#") in Page(fetched.text).ids


async def test_a_page_says_when_its_times_of_today_are_of_yesterday(
    clinic: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In seconds from now: the clock of whose phone it is may be wrong. Not all pages come at once after midnight."""
    midnight = days.midnight(date(2026, 11, 29))
    monkeypatch.setattr(answers, "milliseconds", lambda: midnight - 3_600_000)
    browser = clinic.browser(AWA)
    said = {int(re.findall(' data-fresh="([0-9]+)"', (await browser.get("/")).body.decode())[0]) for _ in range(20)}
    assert min(said) > 3_600 and max(said) <= 3_601 + 600 and len(said) > 5


async def test_what_waits_for_each_step_is_fetched_without_the_list(clinic: Callers, told: Told) -> None:
    """It names nobody, so that it is no reading; and it holds no link that would move or lose its focus."""
    before = (await clinic.htmx(NDIAYE).get("/prescriptions/steps", X_Live="1")).text
    await clinic.program(NDIAYE).post(f"/prescriptions/{told.issued}/validation")
    after = (await clinic.htmx(NDIAYE).get("/prescriptions/steps", X_Live="1")).text
    counts = [dict(re.findall('<b id="step-(\\w+)"[^>]*>(\\d+)</b>', text)) for text in (before, after)]
    assert [(count["validate"], count["prepare"]) for count in counts] == [("2", "2"), ("1", "3")]
    assert "<a" not in after
    steps = (await clinic.program(NDIAYE).get("/prescriptions/steps")).json["steps"]
    assert {step: str(waiting) for step, waiting in steps.items()} == counts[1]
    by_hand = await clinic.browser(NDIAYE).get("/prescriptions/steps")
    assert (by_hand.status, by_hand.location) == (303, "/prescriptions")


async def test_a_colleagues_prescription_goes_with_the_access_to_it(clinic: Callers, told: Told) -> None:
    await clinic.program(AWA).post(f"/access-requests/{told.pending}/approval", {"scope": "full", "duration": "7d"})
    page = Page((await clinic.browser(SARR).get(f"/prescriptions/{told.issued}")).text)
    assert page.events == {PRESCRIPTION, RECORD, ACCESS}


async def test_an_older_part_of_a_list_is_not_replaced_by_the_newest(clinic: Callers, told: Told) -> None:
    file = Page((await clinic.browser(DIOP).get("/patients/awa/records?before=2026-03-03~x%26y")).text)
    assert [part["hx-get"] for part in file.following] == ["/patients/awa/records?before=2026-03-03~x%26y"]
    assert Page((await clinic.browser(AWA).get("/notifications?before=3")).text).following == []


@pytest.mark.parametrize(
    ("version", "more", "status", "mark"),
    [
        ("1", {}, 422, 'aria-invalid="true"'),
        ("9", {"body": "Revoir dans un mois", "reason": "Erreur de saisie"}, 409, "data-draft"),
    ],
)
async def test_a_form_that_comes_back_says_that_it_holds_what_was_typed(
    clinic: Callers, told: Told, version: str, more: dict[str, str], status: int, mark: str
) -> None:
    """By these marks page.js keeps it when the record changes: it is the default of the fields now."""
    asked = {"version": version, "title": "Tension", **more}
    page = await clinic.browser(DIOP).post(f"/records/{told.record}/versions", asked)
    assert page.status == status
    assert mark in page.text
    assert Page(page.text).events == {RECORD, ACCESS}


async def test_a_row_of_another_patient_has_no_place_in_the_file_that_a_doctor_has_open(
    clinic: Callers, told: Told
) -> None:
    """Events of all their patients come to a doctor; the file itself follows instead."""
    for who, place in ((AWA, True), (DIOP, False)):
        page = await clinic.browser(who).get("/patients/awa/records")
        row = re.search(f"<li id=r{told.record}[^>]*>", page.text)
        assert row and ("data-into=history" in row[0]) is place


async def test_a_doctors_list_of_open_files_takes_no_row_that_is_pushed(clinic: Callers, told: Told) -> None:
    """It holds active accesses alone, and a pushed row may be a request, or an access that has ended."""
    page = Page((await clinic.browser(DIOP).get("/patients")).text)
    assert {"open", f"a{told.granted}"} <= set(page.ids)
    assert not {"now", "flow", "rest"} & set(page.ids)
