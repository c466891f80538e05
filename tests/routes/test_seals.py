"""The journal of the day with its seal, and a trace that its patient takes along with what proves it."""

import hashlib
import json
import re
from collections.abc import Iterator

import pytest
from callers import Callers
from cast import ADMIN, AWA, CAST, DIOP
from quart import Quart
from store import Store
from told import BODY, REASON, TITLE, Told

from fadjma.access.tracing import WORDS
from fadjma.chain import keys, seals
from fadjma.chain.keys import Signer
from fadjma.identity.people import Viewer

PROOF = "/patients/awa/accesses/proof"


@pytest.fixture
def signer(app: Quart) -> Iterator[Signer]:
    """The app's key, as it has one when it is served."""
    sealer = app.extensions["sealer"]
    sealer.signer = Signer(b"k" * 32)
    yield sealer.signer
    sealer.signer = sealer.fault = None


async def test_without_a_seal_it_says_so(clinic: Callers) -> None:
    found = await clinic.program(ADMIN).get("/seals")
    assert found.json["seal"] is None and found.json["keys"] == [] and found.json["fault"] is None
    assert "Rien n'est encore signé" in (await clinic.browser(ADMIN).get("/seals")).text.replace("\u00a0", " ")
    assert (await clinic.program(ADMIN).get("/seals/export")).status == 404


async def test_the_last_seal_is_there_to_be_printed_and_kept(clinic: Callers, store: Store, signer: Signer) -> None:
    made = store.write(seals.make, signer)
    assert made
    found = (await clinic.program(ADMIN).get("/seals")).json
    assert found["seal"]["digest"] == made.digest and found["seal"]["number"] == 1
    assert found["keys"][0]["fingerprint"] == signer.fingerprint and found["today"]["files"] > 0
    page = (await clinic.browser(ADMIN).get("/seals")).text
    assert keys.grouped(made.digest) in page and keys.grouped(signer.fingerprint) in page
    kept = await clinic.program(ADMIN).get("/seals/export")
    assert "attachment" in kept.headers["Content-Disposition"]
    assert seals.read_exported(kept.text).json()["digest"] == made.digest


async def test_what_is_wrong_with_the_key_is_on_the_page(clinic: Callers, app: Quart, signer: Signer) -> None:
    app.extensions["sealer"].fault = "La clé des sceaux x n'est pas là."
    for found in (await clinic.browser(ADMIN).get("/seals"), await clinic.program(ADMIN).get("/seals")):
        assert "La clé des sceaux x" in found.text


@pytest.mark.parametrize("person", CAST)
async def test_the_seal_is_the_admins_alone(clinic: Callers, store: Store, signer: Signer, person: Viewer) -> None:
    store.write(seals.make, signer)
    expected = 200 if person == ADMIN else 403
    for path in ("/seals", "/seals/export"):
        assert (await clinic.program(person).get(path)).status == expected, path
        assert (await clinic.browser(person).get(path)).status == expected, path


@pytest.mark.parametrize("person", CAST)
async def test_the_proof_is_the_patients_alone(clinic: Callers, signer: Signer, person: Viewer) -> None:
    expected = 200 if person == AWA else 404
    assert (await clinic.program(person).get(PROOF)).status == expected
    assert (await clinic.nobody().get(PROOF)).status in (303, 401)


async def test_the_proof_holds_the_trace_and_of_all_else_the_digests(
    clinic: Callers, store: Store, signer: Signer, told: Told
) -> None:
    store.write(seals.make, signer)
    answer = await clinic.browser(AWA).get(PROOF)
    assert "attachment" in answer.headers["Content-Disposition"]
    found = json.loads(answer.text)
    rows = [row for link in found["links"] for row in link["rows"]]
    shown = [json.loads(row["text"]) for row in rows if "text" in row]
    assert {code for code, _ in shown} == {"audit"} and len(rows) > len(shown)
    assert {columns[4] for _, columns in shown} <= WORDS.keys()
    traced = (await clinic.program(AWA).get("/patients/awa/accesses")).json["items"]
    assert {line["id"] for line in traced} <= {columns[0] for _, columns in shown}
    assert not [words for words in (TITLE, BODY, REASON) if words in answer.text]
    assert found["people"]["diop"] == {"name": DIOP.name, "role": "Médecin", "place": DIOP.organization}
    said = json.loads(found["head"]["statement"])
    assert said[:4] == ["fadjma-head/1", "awa", len(found["links"]), found["links"][-1]["digest"]]
    assert keys.is_signed(found["head"]["statement"], found["head"]["signature"], signer.public_key)


async def test_its_chain_can_be_counted_again_without_us(clinic: Callers, store: Store, signer: Signer) -> None:
    store.write(seals.make, signer)
    found = json.loads((await clinic.browser(AWA).get(PROOF)).text)
    previous = ""
    for number, link in enumerate(found["links"], 1):
        rows = [
            row["digest"] if "digest" in row else hashlib.sha256(f"{row['salt']}\n{row['text']}".encode()).hexdigest()
            for row in link["rows"]
        ]
        said = [
            "fadjma-link/1",
            "awa",
            number,
            *(link[name] for name in ("made", "at", "seal", "form")),
            previous,
            rows,
        ]
        previous = hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()
        assert previous == link["digest"]


async def test_without_the_key_the_head_is_not_signed(clinic: Callers) -> None:
    assert (await clinic.program(AWA).get(PROOF)).json["head"] is None


async def test_the_page_that_checks_it_is_for_everybody_and_needs_nothing(clinic: Callers) -> None:
    answer = await clinic.nobody().get("/trace-verification")
    assert answer.status == 200 and "attachment" in answer.headers["Content-Disposition"]
    assert not [words for words in ("src=", "href=", "fetch(", "http:", "https:") if words in answer.text]
    for language in ("fr", "en"):
        page = await clinic.nobody().get("/trace-verification", Accept_Language=language)
        assert f'<html lang="fr" data-language="{language}">' in page.text


async def test_all_that_the_page_says_is_said_in_english_too(clinic: Callers) -> None:
    text = (await clinic.nobody().get("/trace-verification")).text
    english, _, script = text.partition("const ENGLISH = {")[2].partition("\n};")
    known = dict(re.findall(r'^ {2}("(?:[^"\\]|\\.)*"): ("(?:[^"\\]|\\.)*"),$', english, re.M))
    said = {
        *re.findall(r'\b_\(("[^"]*")', script),
        *(f'"{one}"' for one in re.findall(r"<[^>]* data-say>([^<]*)<", text.replace("\xa0", " "))),
    }
    assert said == known.keys() and len(said) > 25
    for french, translated in known.items():
        assert sorted(re.findall(r"%\(\w+\)[sd]", french)) == sorted(re.findall(r"%\(\w+\)[sd]", translated))
    assert (await clinic.program(AWA).get(PROOF)).json["language"] == AWA.language
