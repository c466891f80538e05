"""Walking all chains and seals: whether each link holds what it held, and each seal what was signed."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

from fadjma.chain import keys, seals
from fadjma.chain.covering import Kind, Link, row_digest, row_salt
from fadjma.chain.seals import Exported, Seal
from fadjma.i18n import iso
from fadjma.store import Row, Transaction

_AT_ONCE = 200  # links, with all rows that they cover: those from before the chain have hundreds
_PARTS = 1_000
Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Break:
    """Something that is not as it was written. `chain` None: it is about a seal, a key, or a row in no chain.

    `what` says it in French; `around` is what stands before and after it, where that is known.
    """

    what: str
    chain: str | None = None
    number: int | None = None
    around: tuple[str, ...] = ()


class _Sums:
    """How many things there were, and what they add up to: Python's own hash, which nobody knows beforehand, tells
    without a list of all of them whether they are the same. In parts, by their names: where they are not, the names of
    one part are few enough to be listed."""

    def __init__(self) -> None:
        self._counts = [0] * _PARTS
        self._totals = [0] * _PARTS

    def add(self, name: str, said: object = None) -> None:
        part = _part(name)
        self._counts[part] += 1
        self._totals[part] += hash((name, said))

    def apart(self, other: Self) -> list[int]:
        """The parts in which the others are not the same."""
        mine, others = (zip(one._counts, one._totals, strict=True) for one in (self, other))
        return [part for part, (its, the_others) in enumerate(zip(mine, others, strict=True)) if its != the_others]


def _part(name: str) -> int:
    return hash(name) % _PARTS


@dataclass(slots=True)
class Walk:
    """One walk over a database. `breaks` yields what is wrong, the first of each chain first."""

    kinds: Sequence[Kind]
    progress: Progress = lambda done: None
    links: int = 0  # how many were walked
    seals: int = 0
    _seen: dict[str, _Sums] = field(default_factory=dict)  # of each kind, the rows that links cover
    _held: _Sums = field(default_factory=_Sums)  # by which seal each chain is held until which link, as its links say

    def breaks(self, tx: Transaction) -> Iterator[Break]:
        """Everything that is wrong. What is kept of a walk meanwhile does not grow with the database."""
        self._seen = {kind.code: _Sums() for kind in self.kinds}
        last = seals.newest(tx)
        for head in tx.each("SELECT chain, number, digest FROM chain_heads"):
            yield from _as_far_as_read(self._chain(tx, head["chain"], head, last.number if last else 0), head["chain"])
        if self.links != tx.value("SELECT count(*) FROM chain_links"):
            yield from _headless(tx)
        yield from _as_far_as_read(self._seals(tx))
        yield from self._uncovered(tx)

    def _chain(self, tx: Transaction, chain: str, head: Row, newest: int) -> Iterator[Break]:
        """`newest`: the number of the last seal."""
        number, digest, seal, first = 0, "", 0, True
        while True:
            rows = tx.all(
                "SELECT number, made, at, seal, form, salt, covered, digest FROM chain_links "
                "WHERE chain = :chain AND number > :number ORDER BY number LIMIT :limit",
                {"chain": chain, "number": number, "limit": _AT_ONCE},
            )
            texts = self._read(tx, rows)
            for row in rows:
                if row["number"] != number + 1:
                    yield _broken(tx, chain, number + 1, "il n'y est pas")
                    first = False
                else:
                    wrong = self._link(chain, row, digest, texts)
                    if wrong and (first or not wrong.startswith("sa somme")):
                        yield _broken(tx, chain, row["number"], wrong)
                        first = False
                if seal not in (0, row["seal"]):
                    self._held.add(chain, (number, seal))
                number, digest, seal = row["number"], row["digest"], row["seal"]
            self.links += len(rows)
            self.progress(len(rows))
            if len(rows) < _AT_ONCE:
                break
        if 0 < seal <= newest:
            self._held.add(chain, (number, seal))
        if number < head["number"]:
            yield _broken(tx, chain, number + 1, f"il n'y est pas, et la chaîne finit au maillon {head['number']}")
        elif (number, digest) != (head["number"], head["digest"]):
            yield _broken(tx, chain, number, "la tête de la chaîne n'est pas le dernier maillon")

    def _read(self, tx: Transaction, rows: Sequence[Row]) -> dict[tuple[str, int], dict[str, str]]:
        """What all these links cover, by kind and form; what cannot be read so is nothing."""
        wanted: dict[tuple[str, int], list[str]] = {}
        for row in rows:
            for item in row["covered"].split(" "):
                code, _, key = item.partition(":")
                wanted.setdefault((code, row["form"]), []).append(key)
        kinds = {kind.code: kind for kind in self.kinds}
        found = {}
        for (code, form), of_kind in wanted.items():
            try:
                found[code, form] = kinds[code].read(tx, of_kind, form)
            except (KeyError, ValueError):
                found[code, form] = {}
        return found

    def _link(self, chain: str, row: Row, previous: str, texts: dict[tuple[str, int], dict[str, str]]) -> str | None:
        """What is wrong with a link; None: nothing."""
        digests = []
        for position, item in enumerate(row["covered"].split(" ")):
            code, _, key = item.partition(":")
            text = texts[code, row["form"]].get(key)
            if text is None:
                return f"la ligne {item} n'y est plus"
            self._seen[code].add(key)
            digests.append(row_digest(row_salt(row["salt"], position), text))
        link = Link(chain, row["number"], row["made"], row["at"], row["seal"], row["form"])
        if link.digest(previous, digests) == row["digest"]:
            return None
        return "sa somme n'est pas celle de ce qu'il couvre : " + ", ".join(row["covered"].split(" ")[:5])

    def _uncovered(self, tx: Transaction) -> Iterator[Break]:
        """Rows that no link covers, and that do not wait to be."""
        for row in tx.each("SELECT kind, key FROM chain_before"):
            if row["kind"] in self._seen:
                self._seen[row["kind"]].add(row["key"])
        for kind in self.kinds:
            there = _Sums()
            for row in tx.each(kind.every):
                there.add(row["key"])
            for part in self._seen[kind.code].apart(there):
                yield from self._name_uncovered(tx, kind, part)

    def _name_uncovered(self, tx: Transaction, kind: Kind, part: int) -> Iterator[Break]:
        waiting = tx.each("SELECT key FROM chain_before WHERE kind = ?", (kind.code,))
        covered = {row["key"] for row in waiting if _part(row["key"]) == part}
        for row in tx.each("SELECT covered FROM chain_links"):
            keys_of = (item.partition(":") for item in row[0].split(" "))
            covered |= {key for code, _, key in keys_of if code == kind.code and _part(key) == part}
        for row in tx.each(kind.every):
            if _part(row["key"]) == part and row["key"] not in covered:
                yield Break(f"la ligne {kind.code}:{row['key']} n'est dans aucun maillon", row["chain"])

    def _seals(self, tx: Transaction) -> Iterator[Break]:
        known = {key.fingerprint: key for key in keys.all_known(tx)}
        held = _Sums()
        previous, number = "", 0
        for seal in seals.each(tx):
            if seal.number != number + 1:
                yield Break(f"le sceau {number + 1} n'y est pas")
            wrong = next(self._heads(tx, seal), None)
            if wrong:
                yield wrong
            said = seals.statement(seal, seals.heads_of(tx, seal), previous)
            key = known.get(seal.fingerprint)
            if not wrong and seals.digest_of(said) != seal.digest:
                yield Break(f"{_seal_name(seal)} : sa somme n'est pas celle de ce qu'il scelle")
            elif not wrong and (key is None or not keys.is_signed(said, seal.signature, key.public_key)):
                yield Break(f"{_seal_name(seal)} : la signature n'est pas de la clé {keys.grouped(seal.fingerprint)}")
            for chain, at, _ in seal.named():
                held.add(chain, (at, seal.number))
            previous, number = seal.digest, seal.number
            self.seals += 1
            self.progress(1)
        for part in self._held.apart(held):
            yield from self._name_unsealed(tx, number, part)

    def _name_unsealed(self, tx: Transaction, newest: int, part: int) -> Iterator[Break]:
        """Links that say of a seal that it holds them, and it does not."""
        named = (head for seal in seals.each(tx) for head in seal.named())
        sealed = {chain: at for chain, at, _ in named if _part(chain) == part}
        heads = (row for row in tx.each("SELECT chain, number FROM chain_heads") if _part(row["chain"]) == part)
        for row in heads:
            chain, held = row["chain"], sealed.get(row["chain"], 0)
            since = tx.value(
                "SELECT min(seal) FROM chain_links WHERE chain = :chain AND number > :number",
                {"chain": chain, "number": held},
            )
            if row["number"] > held and since is not None and since <= newest:
                yield _broken(tx, chain, held + 1, f"le sceau {since} ne le contient pas")

    def _heads(self, tx: Transaction, seal: Seal) -> Iterator[Break]:
        for chain, number, signs in seal.named():
            row = tx.first(
                "SELECT digest, seal FROM chain_links WHERE chain = :chain AND number = :number",
                {"chain": chain, "number": number},
            )
            if row is None:
                yield _broken(tx, chain, number, f"il n'y est pas, et le {_seal_name(seal)} le contient")
            elif row["digest"][: len(signs)] != signs:
                yield _broken(tx, chain, number, f"ce n'est pas celui que le {_seal_name(seal)} contient")


def _as_far_as_read(breaks: Iterator[Break], chain: str | None = None) -> Iterator[Break]:
    """What is wrong, until something that is of no kind that is ever written there: a number in words, bytes."""
    try:
        yield from breaks
    except (TypeError, ValueError) as error:
        yield Break(f"{'ici' if chain else 'un sceau'}, il y a ce que FADJMA n'écrit jamais ({error})", chain)


def _headless(tx: Transaction) -> Iterator[Break]:
    """Chains without a head."""
    rows = tx.all("SELECT DISTINCT chain FROM chain_links WHERE chain NOT IN (SELECT chain FROM chain_heads)")
    return (Break("la chaîne n'a pas de tête", row["chain"]) for row in rows)


def _seal_name(seal: Seal) -> str:
    return f"sceau {seal.number} du {iso(seal.at)}"


def _broken(tx: Transaction, chain: str, number: int, what: str) -> Break:
    rows = tx.all(
        "SELECT number, at, seal, covered FROM chain_links WHERE chain = :chain AND number >= :first "
        "AND number <= :last ORDER BY number",
        {"chain": chain, "first": number - 1, "last": number + 1},
    )
    return Break(what, chain, number, tuple(_around(row, number) for row in rows))


def _around(row: Row, number: int) -> str:
    place = "avant" if row["number"] < number else "après" if row["number"] > number else "lui"
    items = row["covered"].split(" ")
    more = f" et {len(items) - 5} autres" if len(items) > 5 else ""
    return f"{place} : maillon {row['number']} du {iso(row['at'])}, sceau {row['seal']}, {', '.join(items[:5])}{more}"


def count(tx: Transaction) -> int:
    """How many steps a walk has."""
    return int(tx.value("SELECT (SELECT count(*) FROM chain_links) + (SELECT count(*) FROM chain_seals)"))


def against(tx: Transaction, kept: Exported) -> Iterator[Break]:
    """What is wrong with a database, whatever it says of itself, where this seal was made of it.

    A later state of the same history holds it; an older one lacks it, and another history has another one.
    """
    _, number, at, _, _, _, fingerprint = json.loads(kept.statement)
    named = f"le sceau {number} du {iso(at)} que vous avez gardé"
    seal = seals.by_number(tx, number)
    if fingerprint not in {key.fingerprint for key in keys.all_known(tx) if key.public_key == kept.public_key}:
        yield Break(f"{named} est d'une clé que cette base ne connaît pas ({keys.grouped(fingerprint)})")
    elif seal is None:
        last = seals.newest(tx)
        until = f"du sceau {last.number}, du {iso(last.at)}" if last else "d'avant le premier sceau"
        yield Break(f"{named} n'y est pas : cette base est plus ancienne ({until}), ou sa fin a été coupée")
    elif seal.digest != seals.digest_of(kept.statement):
        yield Break(f"{named} n'est pas celui de cette base : elle a été réécrite, ou vient d'une autre sauvegarde")


def of_key(tx: Transaction, signer: keys.Signer) -> Iterator[Break]:
    """Whether the key of the file is the one that the database says has signed last."""
    known = keys.newest(tx)
    if known is None:
        yield Break("aucune clé n'a encore signé")
    elif known.fingerprint != signer.fingerprint:
        yield Break(
            f"la clé du fichier ({keys.grouped(signer.fingerprint)}) n'est pas celle des sceaux ({known.grouped})"
        )
