"""An older version of the program and this one on one PostgreSQL, as during a rolling restart (docs/scaling.md).

OLDER is where it stands. Run by bin/try-versions, not by bin/test: a checkout need not have its history.
"""

import asyncio
import logging
import os
from pathlib import Path

from clusters import Cluster
from fleet import Fleet, FleetClinic
from live_server import ROOT
from loads import acts
from workday import working

log = logging.getLogger("versions")
PROCESSES, DOCTORS, THINKING = 3, 6, 0.05
BESIDE = 5.0  # seconds for which each mixture of both works


async def test_one_version_takes_the_others_place_process_by_process_and_nothing_is_lost(tmp_path: Path) -> None:
    older = Path(os.environ["OLDER"])
    with Cluster(durable=True) as cluster, Fleet(cluster, tmp_path, PROCESSES, root=older) as fleet:
        async with working(fleet, DOCTORS, THINKING) as (clinic, loads, go_on):
            before = _migrated(clinic)
            for number, server in enumerate(fleet.servers, 1):
                server.ask_to_stop()
                assert await asyncio.to_thread(server.wait) == 0
                server.root = ROOT
                await asyncio.to_thread(server.start_again)
                await asyncio.sleep(BESIDE)
                await go_on()
                log.info("%d of %d are this version, %d acts so far", number, PROCESSES, acts(loads))
            after = _migrated(clinic)
        log.info("each act is there once, and each person has heard each event once, in order (%s, %s)", before, after)
        if before != after:
            await _refuses_to_begin(fleet, older)


def _migrated(clinic: FleetClinic) -> str:
    return str(clinic.store.value("SELECT max(name) FROM schema_migrations"))


async def _refuses_to_begin(fleet: Fleet, older: Path) -> None:
    """The older one on what the newer one has migrated."""
    server = fleet.servers[0]
    server.ask_to_stop()
    await asyncio.to_thread(server.wait)
    server.root = older
    server.launch()
    assert await asyncio.to_thread(server.wait, 60) != 0
    log.info("the older one does not begin any more: %s", server.log.strip().splitlines()[-1])
