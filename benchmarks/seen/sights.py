"""Every page there is, and who meets it; tests/routes/test_every_page.py finds an address that is not here.

In a path, {name} is an id that furnishing.py gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.seen.furnishing import ADMIN, AWA, DESK, DIOP, GUARDED, MOUSSA, NDIAYE, NEWCOMER, NURSE


@dataclass(frozen=True, slots=True)
class Act:
    """A POST, and its body in which {name} is an id, too."""

    path: str
    field: str = ""
    value: str = ""

    def body(self, ids: Mapping[str, str]) -> dict[str, str]:
        return {self.field: self.value.format(**ids)} if self.field else {}


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody with a browser of their own. `login`: none for whoever has not signed in; `then`: what they did next."""

    name: str
    login: str = ""
    then: Act | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """One page as one guest meets it. `sent`: as it comes back after this form of it (by CSS) was sent as it stood."""

    guest: Guest
    path: str
    status: int = 200
    sent: str = ""

    @property
    def name(self) -> str:
        return f"{self.guest.name} {self.path}" + (" (sent)" if self.sent else "")

    def at(self, ids: Mapping[str, str]) -> str:
        return self.path.format(**ids)


NOBODY = Guest("nobody")
HALF = Guest("half signed in", GUARDED)
PROTECTED = Guest("doctor with a second factor", GUARDED, Act("/sign-in/factor", "otp", "{recovery}"))
PATIENT, NEW = Guest("patient", AWA), Guest("new patient", NEWCOMER)
RELATIVE, ACTING = Guest("relative", MOUSSA), Guest("relative, acting", MOUSSA, Act("/acting", "person_id", "{awa}"))
DOCTOR, LOCKED = Guest("doctor", DIOP), Guest("doctor, locked", DIOP, Act("/lock"))
PHARMACIST, NURSING = Guest("pharmacist", NDIAYE), Guest("nurse", NURSE)
RECEPTION, ADMINISTRATOR = Guest("front desk", DESK), Guest("admin", ADMIN)

_EVERYBODYS = (
    "/account",
    "/account/contact",
    "/sessions",
    "/second-factor",
    "/second-factor/enrolment",
    "/notifications",
    "/announcements",
    "/announcements/{announced}",
    "/organizations",
    "/organizations/{place}",
)
_OF: Mapping[Guest, tuple[str, ...]] = {
    NOBODY: (
        "/sign-in",
        "/sign-in?next=/prescriptions",
        "/activation",
        "/register",
        "/register/practitioner",
        "/offline",
        "/open/{link}",
    ),
    HALF: ("/sign-in/factor",),
    PATIENT: (
        "/",
        "/search",
        "/search?q=pa",
        *_EVERYBODYS,
        "/account/pin",
        "/people",
        "/proxies",
        "/proxies/{offered}",
        "/proxies/{accepted}",
        "/patients/{awa}/records",
        "/patients/{awa}/records?view=history",
        "/patients/{awa}/records?view=history&q=fixe",
        "/patients/{awa}/records/new",
        "/patients/{awa}/measurements",
        "/patients/{awa}/papers",
        "/patients/{awa}/papers/new",
        "/papers/{paper}",
        "/papers/{brought}/pages/new",
        "/records/{paper_record}/papers",
        "/patients/{awa}/allergies",
        "/patients/{awa}/problems",
        "/patients/{awa}/accesses",
        "/patients/{awa}/accesses/{line}",
        "/patients/{awa}/file",
        "/patients/{awa}/file/paper",
        "/exports/{export}",
        "/shares/{share}",
        "/patients/{awa}/card",
        "/measurements/{weight}",
        "/records/{record}",
        "/records/{allergy}",
        "/contests",
        "/contests/{contested}",
        "/access-requests",
        "/access-requests/{pending}",
        "/access-requests/{granted}",
        "/access-requests/{past}",
        "/prescriptions",
        "/prescriptions/{issued}/pharmacies",
        *(
            f"/prescriptions/{{{step}}}"
            for step in ("issued", "open", "validated", "prepared", "ready", "asked", "away", "held", "refused")
        ),
        "/prescriptions/{cancelled}",
        "/prescriptions/{delivered}",
        "/recalls/{recalled}",
    ),
    NEW: ("/", "/notifications", "/prescriptions", "/access-requests", "/proxies"),
    RELATIVE: ("/people", "/proxies", "/proxies/{accepted}", "/"),
    ACTING: ("/", "/prescriptions", "/prescriptions/{ready}", "/account", "/people"),
    DOCTOR: (
        "/",
        "/search?q=a",
        *_EVERYBODYS,
        "/unlock-pin",
        "/patients",
        "/patients?q={identifier}",
        "/patients?q=zzzz",
        "/access-requests",
        "/access-requests/new?patient={moussa}",
        "/access-requests/{granted}",
        "/access-requests/{present}",
        "/access-requests/{expired}",
        "/access-requests/{revoked}",
        "/access-requests/{explaining}",
        "/patients/{awa}/records",
        "/patients/{awa}/records?view=history",
        "/patients/{awa}/records?view=prescriptions",
        "/patients/{awa}/records?view=access",
        "/patients/{awa}/records/new",
        "/patients/{awa}/measurements",
        "/patients/{awa}/papers",
        "/patients/{awa}/papers/new",
        "/papers/{paper}",
        "/papers/{brought}",
        "/patients/{awa}/allergies",
        "/patients/{awa}/problems",
        "/patients/{awa}/consultations/new",
        "/patients/{awa}/vaccinations/new",
        "/patients/{awa}/test-results/new",
        "/patients/{awa}/prescriptions/new",
        "/inventory/coverage",
        "/prescription-sets",
        "/prescription-sets/{set}",
        "/patients/{awa}/prescriptions/new?replaces={refused}",
        "/measurements/{weight}",
        "/records/{record}",
        "/prescriptions",
        "/prescriptions?q=awa",
        *(f"/prescriptions/{{{step}}}" for step in ("issued", "refused", "ready", "held", "cancelled", "delivered")),
        "/prescriptions/{held}/replacement?line={lacking}",
        "/prescriptions/{issued}/paper",
        "/prescriptions/{issued}/paper?copy=patient",
        "/prescriptions/{cancelled}/paper",
    ),
    PROTECTED: ("/second-factor", "/recovery-codes"),
    NURSING: (
        "/",
        *_EVERYBODYS,
        "/patients",
        "/patients?q={identifier}",
        "/patients/{awa}/records",
        "/patients/{awa}/measurements",
        "/patients/{awa}/papers",
        "/patients/{awa}/papers/new",
        "/patients/{awa}/allergies",
        "/patients/{awa}/problems",
        "/measurements/{weight}",
        "/records/{record}",
        "/prescriptions/{ready}",
    ),
    RECEPTION: (
        "/vaccination-recalls",
        "/",
        *_EVERYBODYS,
        "/patients",
        "/patients?q={identifier}",
        "/patients/new",
        "/patients/{registered}",
        "/patients/{long}",
        "/patients/{awa}",
        "/patients/{registered}/pin",
        "/patients/{renewed}/slip",
        "/patients/{awa}/card",
        "/patients/{long}/card",
        "/proxies?patient_id={awa}",
        "/proxies/{accepted}",
    ),
    PHARMACIST: (
        "/",
        "/search?q=c",
        *_EVERYBODYS,
        "/prescriptions",
        "/prescriptions?step=validate",
        "/prescriptions?step=on_hold",
        "/prescriptions?q=awa",
        *(
            f"/prescriptions/{{{step}}}"
            for step in ("issued", "open", "validated", "prepared", "ready", "asked", "away", "held", "refused")
        ),
        "/prescriptions/{delivered}",
        "/prescriptions/{ready}/paper",
        "/prescriptions/{perished}",
        "/prescriptions/{prepared}/labels",
        "/dispensing-register",
        "/dispensing-register?whole=1",
        "/inventory",
        "/inventory?q=para",
        "/inventory/lots/new",
        "/inventory/lots/new?pick=0:{medicine}",
        "/inventory/lots/{lot}",
        "/inventory/lots/{lot}/recipients",
        "/inventory/lots/{given_lot}/recipients/{given}",
        "/handovers",
        "/handovers/{handover}",
        "/inventory/products/{product}",
        "/inventory/choices",
        "/inventory/consumption",
        "/inventory/counts",
        "/inventory/counts/new",
        "/inventory/counts/{count}",
        "/inventory/receipts",
        "/inventory/receipts/new",
        "/inventory/receipts/{order}",
        "/inventory/receipts/{receipt}",
        "/inventory/transfers",
        "/inventory/transfers/{transfer}",
        "/inventory/lots/{withheld}",
        "/formulary",
        "/formulary/{medicine}",
        "/formulary/{retired}",
        "/safety-tables",
        "/safety-tables?status=unsigned",
        "/safety-tables/entries/{entry}",
        "/safety-tables/signature",
        "/safety-tables/doses/new",
        "/safety-tables/interactions/new",
        "/safety-tables/vaccines/new",
        "/safety-tables/doses/imports/new",
        "/safety-tables/interactions/imports/new",
        "/safety-tables/vaccines/imports/new",
        "/safety-tables/imports/{checked_doses}",
    ),
    ADMINISTRATOR: (
        "/",
        "/search?q=a",
        *_EVERYBODYS,
        "/administration",
        "/accounts",
        "/accounts/new",
        "/accounts/new?role=doctor",
        "/accounts/{waiting}",
        "/accounts/{invited}",
        "/accounts/{invited}/slip",
        "/accounts/{doctor}",
        "/accounts/{awa}",
        "/accounts/{guarded}",
        "/accounts/{guarded}/factor-removal",
        "/announcements/new",
        "/audit",
        "/seals",
        "/contests",
        "/contests/{contested}",
        "/emergencies",
        "/emergencies/{emergency}",
        "/emergencies/{explaining}",
        "/formulary",
        "/formulary/new",
        "/formulary/{medicine}",
        "/formulary/{retired}",
        "/formulary/imports/new",
        "/formulary/imports/{checked}",
        "/monitoring",
        "/organizations/new",
        "/organizations/imports/new",
        "/organizations/imports/{checked_places}",
        "/patient-links",
        "/patient-links/new",
        "/patient-links/{linked}",
        "/security-events",
        "/settings",
        "/witnessed-approvals",
        "/handovers",
        "/handovers/{handover}",
    ),
}
# Refused, ended, or not there: these too must say what happened, and lead on.
_OTHERS = (
    Sight(NOBODY, "/nowhere", 404),
    Sight(PATIENT, "/nowhere", 404),
    Sight(PATIENT, "/prescriptions/0000000000000000000", 404),
    Sight(PATIENT, "/accounts", 403),
    Sight(DOCTOR, "/patients/{moussa}/records", 404),
    Sight(PHARMACIST, "/patients", 403),
    Sight(LOCKED, "/", 423),
)
_SENT: Mapping[Guest, tuple[str, ...]] = {
    NOBODY: ("/sign-in", "/activation", "/register", "/register/practitioner"),
    PATIENT: ("/account",),
    DOCTOR: ("/patients/{followed}/records/new", "/patients/{followed}/prescriptions/new"),
    RECEPTION: ("/patients/new",),
    PHARMACIST: ("/inventory/lots/new?pick=0:{medicine}",),
    ADMINISTRATOR: ("/organizations/new", "/formulary/new", "/accounts/new?role=doctor"),
}
SIGHTS = (
    *(Sight(guest, path) for guest, paths in _OF.items() for path in paths),
    *_OTHERS,
    *(
        Sight(guest, path, sent="main form.card[method=post], main form[action$='/prescriptions']")
        for guest, paths in _SENT.items()
        for path in paths
    ),
    Sight(PHARMACIST, "/prescriptions/{ready}", sent="form[action$='/delivery']"),
)
# What is asked for with GET and is no page.
NO_PAGES = {
    "/dispensing-register/export": "a table to take along",
    "/audit/export": "a table to take along",
    "/seals/export": "a file to keep",
    "/patients/<patient_id>/accesses/proof": "a file to keep",
    "/trace-verification": "a page to keep, for a browser of its own",
    "/drafts": "asked for by drafts.js",
    "/drafts/<form>/<subject>": "asked for by drafts.js",
    "/fhir/R4/metadata": "for programs, as all of FHIR",
    "/fhir/R4/<resource_type>": "for programs",
    "/fhir/R4/<resource_type>/<resource_id>": "for programs",
    "/fhir/R4/Subscription/inbox/$events": "for programs",
    "/health": "for watchmen",
    "/inventory/consumption/export": "a table to take along",
    "/inventory/movements/export": "a table to take along",
    "/manifest.webmanifest": "for the home screen",
    "/apple-touch-icon.png": "for the home screen",
    "/me": "for programs",
    "/medicines": "what is suggested below a field",
    "/metrics": "for Prometheus",
    "/notifications/poll": "asked for by live.js",
    "/allergens": "what is proposed while one types",
    "/exports/<export_id>/content": "a file",
    "/open/<token>/file": "opened once: test_links_for_another_doctor.py, test_taking_away.py",
    "/open/<token>/papers/<paper_id>/content": "a file",
    "/open/<token>/papers/<paper_id>/thumbnail": "a file",
    "/papers/<paper_id>/content": "a file",
    "/papers/<paper_id>/thumbnail": "a file",
    "/papers/uploads/<upload_id>": "asked for by papers.js",
    "/patients/<patient_id>/safety": "what could not be checked, in a form",
    "/posology": "what is understood below a field",
    "/prescriptions/<prescription_id>/row": "a row that is placed",
    "/prescriptions/steps": "counts that are placed",
    "/records/<record_id>/row": "a row that is placed",
    "/static/<version>/<name>": "files",
    "/worker.js": "a script",
}
