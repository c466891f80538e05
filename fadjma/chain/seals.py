"""Seals: the heads of all chains that have grown, signed together over the seal before."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fadjma.chain import keys
from fadjma.chain.covering import text_of
from fadjma.chain.keys import Signer
from fadjma.chain.linking import open_seal
from fadjma.store import Transaction

FORMAT = "fadjma-seal/1"
HEAD_FORMAT = "fadjma-head/1"
_SIGNS = 16  # of a head's digest, by which a seal names it
_PARTS = 7  # of what is signed: `statement`
_FIRST = ""  # stands for the digest before the first seal
_SEAL = "SELECT number, at, links, heads, digest, fingerprint, signature FROM chain_seals"

Head = tuple[str, int, str]  # chain, number, digest


@dataclass(frozen=True, slots=True)
class Seal:
    """One as it is stored. `at`: milliseconds UTC; `links`: how many there were in all chains by then."""

    number: int
    at: int
    links: int
    heads: str
    digest: str
    fingerprint: str
    signature: str

    def named(self) -> list[Head]:
        """The heads that it holds, each with the first signs of its digest."""
        found = (head.split(":") for head in self.heads.split(" ") if head)
        return [(chain, int(number), signs) for chain, number, signs in found]

    @property
    def grouped(self) -> str:
        return keys.grouped(self.digest)

    @property
    def key(self) -> str:
        """Of which key, as it is compared with paper."""
        return keys.grouped(self.fingerprint)


def statement(seal: Seal, heads: Iterable[Head], previous: str) -> str:
    """What is signed: its number, when, how many links, the heads, the seal before, and the key."""
    listed = [list(head) for head in sorted(heads)]
    digest = hashlib.sha256(text_of([listed]).encode()).hexdigest()
    return text_of([FORMAT, seal.number, seal.at, seal.links, digest, previous, seal.fingerprint])


def digest_of(statement: str) -> str:
    """By which the next seal, and paper, name what was signed."""
    return hashlib.sha256(statement.encode()).hexdigest()


def make(tx: Transaction, signer: Signer) -> Seal | None:
    """Seal what has come since the last one; None when nothing has. Raises KeyFault where it is not the right key."""
    keys.require(tx, signer)
    number = open_seal(tx)
    rows = tx.all("SELECT chain, number, digest, since FROM chain_heads WHERE seal = :seal", {"seal": number})
    if not rows:
        return None
    last = newest(tx)
    heads: list[Head] = [(row["chain"], row["number"], row["digest"]) for row in rows]
    links = (last.links if last else 0) + sum(row["number"] - row["since"] + 1 for row in rows)
    named = " ".join(f"{chain}:{at}:{digest[:_SIGNS]}" for chain, at, digest in sorted(heads))
    unsigned = Seal(number, tx.now, links, named, "", signer.fingerprint, "")
    said = statement(unsigned, heads, last.digest if last else _FIRST)
    made = Seal(
        *(number, tx.now, links, named),
        digest=digest_of(said),
        fingerprint=signer.fingerprint,
        signature=signer.sign(said),
    )
    tx.execute(
        "INSERT INTO chain_seals (number, at, links, heads, digest, fingerprint, signature) "
        "VALUES (:number, :at, :links, :heads, :digest, :fingerprint, :signature)",
        {name: getattr(made, name) for name in Seal.__slots__},
    )
    return made


def renew_key(tx: Transaction, former: Signer | None, signer: Signer) -> None:
    """Another key signs from now on. What is open yet, the former one seals, where it is there."""
    if former:
        make(tx, former)
    keys.enter(tx, signer)


def newest(tx: Transaction) -> Seal | None:
    row = tx.first(f"{_SEAL} ORDER BY number DESC LIMIT 1")
    return Seal(**row.as_dict()) if row else None


def by_number(tx: Transaction, number: int) -> Seal | None:
    row = tx.first(f"{_SEAL} WHERE number = :number", {"number": number})
    return Seal(**row.as_dict()) if row else None


def each(tx: Transaction) -> Iterator[Seal]:
    """All of them, the first first."""
    return (Seal(**row.as_dict()) for row in tx.each(f"{_SEAL} ORDER BY number"))


def heads_of(tx: Transaction, seal: Seal) -> list[Head]:
    """The heads that it names, with the digests that their links have now; one that is not there has none."""
    found = []
    for chain, number, _ in seal.named():
        digest = tx.value(
            "SELECT digest FROM chain_links WHERE chain = :chain AND number = :number",
            {"chain": chain, "number": number},
        )
        found.append((chain, number, digest or ""))
    return found


@dataclass(frozen=True, slots=True)
class Exported:
    """A signed text that has left the program: of a seal, or of one chain's head."""

    statement: str
    signature: str
    public_key: str

    def json(self) -> dict[str, Any]:
        said = json.loads(self.statement)
        return {
            "format": said[0],
            "statement": self.statement,
            "digest": digest_of(self.statement),
            "signature": self.signature,
            "public_key": self.public_key,
            "fingerprint": keys.fingerprint(self.public_key),
        }


def export(tx: Transaction, number: int | None = None) -> Exported | None:
    """The newest seal, or the one with this number, to be kept elsewhere; None where there is none."""
    seal = newest(tx) if number is None else by_number(tx, number)
    if seal is None:
        return None
    before = by_number(tx, seal.number - 1)
    said = statement(seal, heads_of(tx, seal), before.digest if before else _FIRST)
    public_key = next(key.public_key for key in keys.all_known(tx) if key.fingerprint == seal.fingerprint)
    return Exported(said, seal.signature, public_key)


def sign_head(tx: Transaction, signer: Signer, chain: str) -> Exported | None:
    """The head of one chain as it is now, signed for itself; None for a chain without links, and where the key is not
    the one that signs this database."""
    known = keys.newest(tx)
    if known is None or known.fingerprint != signer.fingerprint:
        return None
    head = tx.first("SELECT number, digest FROM chain_heads WHERE chain = :chain", {"chain": chain})
    if head is None:
        return None
    said = text_of([HEAD_FORMAT, chain, head["number"], head["digest"], tx.now, signer.fingerprint])
    return Exported(said, signer.sign(said), signer.public_key)


def read_exported(text: str) -> Exported:
    """A file as `Exported.json` says it. Raises ValueError for anything else, and for a signature that is none."""
    said = json.loads(text)
    if not isinstance(said, dict):
        raise ValueError("not a seal")
    found = Exported(*(str(said.get(name, "")) for name in ("statement", "signature", "public_key")))
    parts = json.loads(found.statement or "null")
    if not isinstance(parts, list) or parts[:1] != [FORMAT] or len(parts) != _PARTS:
        raise ValueError("not a seal")
    if not keys.is_signed(found.statement, found.signature, found.public_key):
        raise ValueError("not signed")
    return found
