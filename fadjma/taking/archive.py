"""The file with everything: a zip of the page to read, the FHIR Bundle, the papers, and what it all is.

Written entry by entry, so that however much there is, little of it is in memory.
"""

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fadjma.fhir.bundle import resources
from fadjma.i18n import iso, show_day
from fadjma.store import Transaction
from fadjma.store.contents import Contents
from fadjma.taking import sections
from fadjma.taking.scope import TIMELESS, Scope
from fadjma.taking.sections import Asked

Advance = Callable[[int], None]  # so many entries more
Pages = Callable[[Transaction, Asked, str], Iterator[str]]  # of a page that stands alone, in a language


@dataclass(frozen=True, slots=True)
class Sources:
    """Where what stands in it comes from."""

    pages: Pages
    contents: Contents


# Of no server: so that references inside of the Bundle resolve (http://hl7.org/fhir/R4/bundle.html#references).
_BASE = "https://fadjma.invalid/fhir/R4"
_README = """\
CE DOSSIER VIENT DE FADJMA, le logiciel d'une clinique.

Il a été demandé par le patient, ou par une personne qui agit pour lui, le {day}.
{what}

dossier.html   Le dossier à lire et à imprimer : ouvrez-le dans n'importe quel navigateur, sans connexion.
bundle.json    Le même contenu pour un autre logiciel médical : un « Bundle » FHIR R4 (https://hl7.org/fhir/R4/).
papers/        Les documents et les photos du dossier. Le nom de chacun est son empreinte SHA-256 :
               bundle.json et dossier.html les désignent par ce nom. {papers}
{missing}
Ces fichiers ne sont protégés par aucun mot de passe : qui les a peut les lire.
Gardez-les comme vous gardez vos papiers, et effacez-les d'un ordinateur partagé.
Ils disent ce qui était noté ce jour-là : ce qui a été ajouté ou corrigé depuis n'y est pas.
"""


def write(tx: Transaction, target: Path, asked: Asked, language: str, sources: Sources, advance: Advance) -> None:
    """Write it to a file that is there already, empty. Raises OSError; whatever `advance` raises ends it, too."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as made:
        with made.open("dossier.html", "w", force_zip64=True) as page:
            for html in sources.pages(tx, asked, language):
                page.write(html.encode())
                advance(html.count("<article>"))
        with made.open("bundle.json", "w", force_zip64=True) as bundle:
            for text in _bundle(tx, asked, advance):
                bundle.write(text.encode())
        kept, missing = _add_papers(tx, made, asked, sources.contents, advance)
        made.writestr("LISEZMOI.txt", _readme(tx, asked.scope, kept, missing))


def _bundle(tx: Transaction, asked: Asked, advance: Advance) -> Iterator[str]:
    """A Bundle of kind `collection`, resource by resource."""
    yield f'{{"resourceType":"Bundle","type":"collection","timestamp":"{iso(tx.now)}","entry":['
    for number, resource in enumerate(_resources(tx, asked)):
        entry = {"fullUrl": f"{_BASE}/{resource['resourceType']}/{resource['id']}", "resource": resource}
        yield ("," if number else "") + json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        advance(1)
    yield "]}"


def _resources(tx: Transaction, asked: Asked) -> Iterator[dict[str, Any]]:
    """What is whole whatever the period, and what is of it; each resource once."""
    scope = asked.scope
    if scope.whole:
        yield from resources(tx, asked.patient_id)
        return
    given: set[tuple[str, str]] = set()
    timeless = [part for part in scope.parts if part in TIMELESS]
    dated = [part for part in scope.parts if part not in TIMELESS]
    for parts, since, until in ((timeless, None, None), (dated, scope.since, scope.until)):
        if not parts:
            continue
        for resource in resources(tx, asked.patient_id, parts=parts, since=since, until=until):
            named = (resource["resourceType"], resource["id"])
            if named not in given:
                given.add(named)
                yield resource


def _add_papers(
    tx: Transaction, made: zipfile.ZipFile, asked: Asked, contents: Contents, advance: Advance
) -> tuple[int, list[str]]:
    """Returns how many there are, and the names of those that are not there, or damaged."""
    named: set[str] = set()
    missing: list[str] = []
    for paper in sections.papers_of(tx, asked):
        name = f"{paper.sha256}.{paper.suffix}"
        if name in named:
            continue
        named.add(name)
        if contents.is_sound(paper.sha256):
            made.write(contents.file(paper.sha256), f"papers/{name}", zipfile.ZIP_STORED)
        else:
            missing.append(name)
        advance(1)
    return len(named) - len(missing), missing


def _readme(tx: Transaction, scope: Scope, papers: int, missing: list[str]) -> str:
    what = "C'est le dossier entier." if scope.whole else f"Il n'en montre qu'une partie : {_parts(scope)}."
    damaged = "".join(f"\nABSENT, abîmé sur le serveur : papers/{name}" for name in missing)
    return _README.format(
        day=show_day(tx.now, "fr", now=tx.now + 366 * 86_400_000),  # with its year
        what=what,
        papers=f"Il y en a {papers}." if papers else "Il n'y en a pas.",
        missing=f"{damaged}\n" if damaged else "",
    )


def _parts(scope: Scope) -> str:
    since = f", depuis le {scope.since}" if scope.since else ""
    until = f", jusqu'au {scope.until}" if scope.until else ""
    return ", ".join(scope.labels).lower() + since + until
