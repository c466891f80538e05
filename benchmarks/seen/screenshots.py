"""Pictures of every page at both widths, and the few that docs/screenshots keeps."""

import base64
import re
from pathlib import Path

from playwright.sync_api import Page

from benchmarks.report import progress
from benchmarks.seen.browsing import DESK, PHONE, house
from benchmarks.seen.sights import ADMINISTRATOR, DOCTOR, NOBODY, NURSING, PATIENT, PHARMACIST, RECEPTION, Guest, Sight

DOCUMENTED = Path(__file__).parents[2] / "docs/screenshots"
_DEVICES = {"phone": PHONE, "desktop": DESK}
_KEPT: dict[str, tuple[Guest, str]] = {
    "sign-in": (NOBODY, "/sign-in"),
    "patient": (PATIENT, "/"),
    "patient-code": (PATIENT, "/prescriptions/{ready}"),
    "doctor": (DOCTOR, "/"),
    "doctor-file": (DOCTOR, "/patients/{awa}/records"),
    "doctor-history": (DOCTOR, "/patients/{awa}/records?view=history"),
    "nurse": (NURSING, "/"),
    "reception": (RECEPTION, "/"),
    "pharmacist": (PHARMACIST, "/"),
    "pharmacist-prescription": (PHARMACIST, "/prescriptions/{ready}"),
    "pharmacist-stock": (PHARMACIST, "/inventory"),
    "admin": (ADMINISTRATOR, "/"),
}
_QUALITY = 60  # of WebP: the letters stay sharp, and a picture has 10 to 50 KB


def run(sights: list[Sight], work: Path, into: Path) -> int:
    """Every page in full, `into` a folder, as PNG."""
    into.mkdir(parents=True, exist_ok=True)
    with house(work) as walked:
        for page, sight in walked.walk(sights):
            progress(f"screenshots: {sight.name}")
            for device, size in _DEVICES.items():
                page.set_viewport_size(size)
                page.screenshot(path=into / f"{file_name(sight)}-{device}.png", full_page=True)
    return 0


def file_name(sight: Sight) -> str:
    return re.sub(r"\W+", "-", sight.name).strip("-")


def keep(work: Path) -> int:
    """Those of docs/screenshots, anew: what is seen before anybody scrolls, as WebP."""
    for old in DOCUMENTED.glob("*.webp"):
        old.unlink()
    with house(work) as walked:
        for name, (guest, path) in _KEPT.items():
            for page, _ in walked.walk([Sight(guest, path)]):
                for device, size in _DEVICES.items():
                    page.set_viewport_size(size)
                    (DOCUMENTED / f"{name}-{device}.webp").write_bytes(_webp(page))
    return 0


def _webp(page: Page) -> bytes:
    asked = {"format": "webp", "quality": _QUALITY}
    return base64.b64decode(page.context.new_cdp_session(page).send("Page.captureScreenshot", asked)["data"])
