"""Which medicine a file or a scanner means: by the code of its box, or by a name that only one has; never guessed."""

from collections.abc import Iterable, Mapping

from fadjma import writing
from fadjma.i18n import N_
from fadjma.identity.people import Viewer
from fadjma.inventory import formulary
from fadjma.inventory.deliveries import Name
from fadjma.store import Transaction

_NOBODYS = N_("Aucun médicament de la liste ne s'appelle ainsi : écrivez la DCI, le dosage et la forme.")
_SEVERAL = N_("Plusieurs médicaments de la liste s'appellent ainsi : écrivez aussi le dosage et la forme.")
_UNKNOWN_CODE = N_("Ce code-barres n'est pas encore connu ici : ajoutez le nom du médicament.")
_OTHER = N_("Ce code-barres est ici celui d'un autre médicament.")
IS_OF = N_("Ce code-barres est ici celui de « %(medicine)s ». Est-ce bien celui du médicament choisi ?")
_Words = frozenset[str]


def medicines(tx: Transaction, pharmacy_id: str, names: Mapping[int, Name]) -> tuple[dict[int, str], dict[str, str]]:
    """The medicine's id of each line, and what is wrong with the others, by lines-<line>-<column>."""
    by_code, by_name = _codes(tx, pharmacy_id), _names(tx)
    found: dict[int, str] = {}
    errors: dict[str, str] = {}
    for number, name in names.items():
        coded, named = by_code.get(name.gtin), by_name.get(frozenset(writing.search_words(name.product)), set())
        if not name.product and not coded:
            errors[f"lines-{number}-code"] = _UNKNOWN_CODE
        elif name.product and len(named) != 1:
            errors[f"lines-{number}-product"] = _SEVERAL if named else _NOBODYS
        elif coded and named and coded not in named:
            errors[f"lines-{number}-code"] = _OTHER
        else:
            found[number] = coded or next(iter(named))
    return found, errors


def _codes(tx: Transaction, pharmacy_id: str) -> dict[str, str]:
    rows = tx.all(
        "SELECT g.gtin, g.medicine_id FROM gtins g JOIN medicines m ON m.id = g.medicine_id "
        "WHERE g.pharmacy_id = :pharmacy AND m.retired_at IS NULL",
        {"pharmacy": pharmacy_id},
    )
    return {row["gtin"]: row["medicine_id"] for row in rows}


def _names(tx: Transaction) -> dict[_Words, set[str]]:
    """The medicines that each name means, whatever its capitals, accents, punctuation and order."""
    found: dict[_Words, set[str]] = {}
    for row in tx.all("SELECT id, dci, form, strength, brands FROM medicines WHERE retired_at IS NULL"):
        for name in (row["dci"], *formulary.listed(row["brands"])):
            for words in _ways(name, row["strength"], row["form"]):
                found.setdefault(words, set()).add(row["id"])
    return found


def _ways(name: str, strength: str, form: str) -> Iterable[_Words]:
    """« amoxicilline 500 mg, gélule », « amoxicilline 500 mg »; without its strength it could be another."""
    yield frozenset(writing.search_words(name, strength, form))
    yield frozenset(writing.search_words(name, strength))


def medicine_of(tx: Transaction, pharmacy_id: str, gtin: str) -> str | None:
    """The medicine that this code means at this pharmacy, if it has learned that."""
    return _codes(tx, pharmacy_id).get(gtin)


def learn(tx: Transaction, viewer: Viewer, pharmacy_id: str, codes: Mapping[str, str]) -> None:
    """From now on these codes mean these medicines at this pharmacy, whatever they meant before."""
    tx.execute_many(
        "INSERT INTO gtins (pharmacy_id, gtin, medicine_id, made_by, made_at) "
        "VALUES (:pharmacy, :gtin, :medicine, :by, :now) ON CONFLICT (pharmacy_id, gtin) "
        "DO UPDATE SET medicine_id = excluded.medicine_id, made_by = excluded.made_by, made_at = excluded.made_at",
        (
            {"pharmacy": pharmacy_id, "gtin": gtin, "medicine": medicine_id, "by": viewer.id, "now": tx.now}
            for gtin, medicine_id in codes.items()
        ),
    )
