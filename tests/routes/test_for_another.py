"""Whoever acts for a patient reads at no place that the file is theirs: in pages, in news, in what is pushed."""

import re

import pytest
from callers import Callers
from cast import AWA, IDENTIFIERS, MOUSSA, NDIAYE, THIAM
from markupsafe import Markup
from told import DOCUMENT, READS, ROWS, Route, Told

from fadjma import for_another, i18n
from fadjma.access.tracing import WORDS
from fadjma.events.catalogue import MESSAGES

OWN = {
    "fr": re.compile(r"\b(mon|ma|mes|votre|vos|vôtres?)\b", re.IGNORECASE),
    "en": re.compile(r"\b(my|yours?)\b", re.IGNORECASE),
}
TO_THE_READER = (  # of the reader's own, whoever that is
    "Le mot de passe, le code PIN et les connexions restent personnels : pour les vôtres, revenez à votre dossier.",
    "Aucune demande n'attend votre réponse.",
    "Avec vos mots, comme hypertension artérielle",
    "Si le téléchargement est coupé, votre navigateur le reprend là où il s'est arrêté.",
    "Une autre copie est en préparation : la vôtre vient ensuite.",
    "Votre accès ne permet pas d'écrire dans ce dossier.",
)
OF_THE_READER = re.compile(r"\b(votre|vos|vous|vôtre)\b", re.IGNORECASE)
TO_STAFF = (  # the beginnings of messages that no patient gets
    *(
        "access.approved",
        "access.rejected",
        "access.lapsed",
        "access.revoked",
        "emergency.found_",
        "emergency.question",
    ),
    *("prescription.dispensed", "prescription.part_dispensed", "prescription.unavailable", "prescription.shared"),
    *("prescription.renewal_asked", "record.shared", "stock.", "account.moved"),
)
PAGES = [route for route in [*READS, *ROWS] if route.may(AWA)]


async def _act_for_awa(clinic: Callers) -> None:
    sent = {"patient_id": "awa", "identifier": IDENTIFIERS[MOUSSA.id], "relationship": "sibling", "document": DOCUMENT}
    assert (await clinic.program(THIAM).post("/proxies", sent)).status == 201
    assert (await clinic.json_browser(MOUSSA).post("/acting", {"person_id": "awa"})).status == 204


def _said(page: str, language: str) -> str:
    """What of a page is ours and said of the file."""
    text = re.sub(r"<(q|bdi)\b.*?</\1>|<script.*?</script>", " ", page, flags=re.DOTALL)
    heard = " ".join(re.findall(r'(?:aria-label|placeholder|title)="([^"]*)"', text))
    text = " ".join(str(Markup(re.sub(r"<[^>]+>", " ", text + " " + heard)).unescape()).split())
    for told in TO_THE_READER:
        text = text.replace(" ".join(i18n.translate(language, told).split()), "")
    return text


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_no_page_says_that_the_file_is_the_readers(clinic: Callers, told: Told, language: str) -> None:
    await _act_for_awa(clinic)
    browser = clinic.browser(MOUSSA)
    await browser.post("/language", {"language": language})
    found, seen = {}, 0
    for route in PAGES:
        answer = await browser.get(route.at(told))
        text = _said(answer.text, language) if answer.type.startswith("text/html") else ""
        seen += bool(text)
        if own := OWN[language].search(text):
            found[route.path] = text[max(own.start() - 60, 0) : own.end() + 60]
    assert found == {}
    assert seen > 20


@pytest.mark.parametrize("route", [route for route in PAGES if route.path in ("/", "/access-requests")])
async def test_the_patient_still_reads_that_it_is_theirs(clinic: Callers, told: Told, route: Route) -> None:
    await _act_for_awa(clinic)
    assert "mon dossier" in (await clinic.browser(AWA).get(route.at(told))).text


@pytest.mark.parametrize("own", for_another.texts())
def test_every_twin_is_of_a_text_and_says_it_of_nobody(own: str) -> None:
    assert own in i18n.wordings()
    for language, words in OWN.items():
        assert not words.search(i18n.translate(language, for_another.said(own))), language


def test_all_of_the_trace_has_its_twin() -> None:
    said = [text for words in WORDS.values() for text in (words.done, words.refused)]
    own = [text for text in said if OF_THE_READER.search(text)]
    assert own and [text for text in own if text not in for_another.texts()] == []


def test_all_that_patients_are_told_has_its_twin() -> None:
    own = [key for key, text in MESSAGES.items() if OF_THE_READER.search(text) and text not in for_another.texts()]
    assert own and [key for key in own if not key.startswith(TO_STAFF)] == []


async def test_news_of_another_is_told_as_such(clinic: Callers, told: Told) -> None:
    await _act_for_awa(clinic)
    await clinic.program(NDIAYE).post(f"/prescriptions/{told.prepared}/readiness")
    acting = _said((await clinic.browser(MOUSSA).get("/notifications")).text, "fr")
    await clinic.json_browser(MOUSSA).post("/acting", {"person_id": "moussa"})
    own = _said((await clinic.browser(MOUSSA).get("/notifications")).text, "fr")
    hers = _said((await clinic.browser(AWA).get("/notifications")).text, "fr")
    assert "L'ordonnance est prête" in acting and "L'ordonnance est prête" in own
    assert "Votre ordonnance est prête" in hers and "Votre ordonnance" not in acting + own
    items = (await clinic.json_browser(MOUSSA).get("/notifications")).json["items"]
    assert "L'ordonnance est prête" in [item["message"] for item in items]
