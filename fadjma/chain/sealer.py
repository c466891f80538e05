"""Seals once a minute what has been written, beside the running program."""

import asyncio
import contextlib
import logging
from pathlib import Path

from fadjma.chain import keys, seals
from fadjma.chain.keys import KeyFault, Signer
from fadjma.store import Database, Unavailable
from fadjma.store.owner import Owner

log = logging.getLogger("fadjma.chain")
_EVERY = 60.0  # seconds


class Sealer:
    """Holds the key. `fault`: why nothing is signed, in French; None while all is well."""

    def __init__(self, database: Database, key_file: Path, owner: Owner) -> None:
        """`owner`: of several processes on one database one seals. The key is read, or made, when it is opened."""
        self.fault: str | None = None
        self.signer: Signer | None = None
        self._file = key_file
        self._database = database
        self._owner = owner
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Read the key; a database that has never been signed gets one. What is wrong with it is said, and kept in
        `fault`: people work all the same, and what they write is sealed when the key is back."""
        try:
            known = await self._database.read(keys.newest)
            signer = keys.load(self._file) if known else keys.make(self._file)
            await self._database.write(keys.require, signer)
            self.signer, self.fault = signer, None
        except KeyFault as fault:
            self._stop_signing(fault)

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End; what is open is sealed at the next start."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def seal(self) -> None:
        """Now, whatever minute it is. What fails is in the log, and tried again in a minute."""
        if self.signer is None:
            return
        try:
            await self._database.write(seals.make, self.signer)
        except KeyFault as fault:
            self._stop_signing(fault)
        except Unavailable as outage:
            log.warning("the seal waits: %s", outage.reason)

    def _stop_signing(self, fault: KeyFault) -> None:
        """It is looked for again each minute, and said once, not each minute."""
        if str(fault) != self.fault:
            log.error("%s Rien n'est scellé d'ici là.", fault)
        self.signer, self.fault = None, str(fault)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            try:
                if self.signer is None:
                    await self.open()
                if await self._owner.ask():
                    await self.seal()
            except Exception:
                log.exception("the heads of the chains could not be sealed; it is tried again")
