"""One chain of digests for each patient and place, signed every minute: docs/decisions/26-the-chain.md."""

from fadjma.chain.covering import CLINIC, Kind
from fadjma.chain.linking import cover

__all__ = ["CLINIC", "Kind", "cover"]
