"""The errors of the last hour, on an admin's first page and under « Suivi »."""

import json
import logging
import re
from pathlib import Path

from cast import ADMIN
from house import SECRET_KEY, Site
from store import Clock

from fadjma import create_app
from fadjma.config import Settings
from fadjma.i18n import iso
from fadjma.monitoring.errors import Errors


def _log(errors: Errors, level: int = logging.ERROR) -> None:
    record = logging.makeLogRecord({"levelno": level, "msg": "Awa Cissé"})
    if record.levelno >= errors.level:
        errors.handle(record)


async def test_an_error_is_shown_for_an_hour_and_says_nothing_of_what_it_was(site: Site, clock: Clock) -> None:
    errors: Errors = site.app.extensions["errors"]
    logging.getLogger().removeHandler(errors)  # what others log in this process is not of this test
    house = (await site.get("/", ADMIN)).body.partition('<ul id="house"')[2].partition("</ul>")[0]
    assert "Aucune erreur depuis une heure" in house and "Version</a><small>0.1.0" in house
    _log(errors)
    _log(errors, logging.WARNING)
    clock.advance(minutes=14)
    at = clock()
    _log(errors)
    page = (await site.get("/", ADMIN)).body
    assert re.search(
        r'2 erreurs depuis une heure</a><b class="no">À regarder</b><small>la dernière\xa0: '
        r"([^<]*, )?(09:14|2 mars 2026)<",  # in later years than the test's clock, the day alone
        page,
    )
    assert "Cissé" not in page
    told = json.loads((await site.get("/monitoring", ADMIN, Accept="application/json")).body)
    assert told["errors"] == {"count": 2, "last_at": iso(at)} and told["version"]["release"] == "0.1.0"
    assert "2 erreurs dans la dernière heure." in (await site.get("/monitoring", ADMIN)).body
    clock.advance(minutes=46, seconds=1)
    assert errors.lately().count == 1
    clock.advance(hours=1)
    assert errors.lately().json() == {"count": 0, "last_at": None}


async def test_what_the_program_logs_is_counted_while_it_runs(path: Path) -> None:
    app = create_app(Settings(secret_key=SECRET_KEY, database_url=f"sqlite:///{path}", demo=True))
    running, errors = app.extensions["running"], app.extensions["errors"]
    await running.open()
    logging.getLogger("fadjma.live").error("a fragment could not be made")
    await running.close()
    logging.getLogger("fadjma.live").error("a fragment could not be made")
    assert errors.lately().count == 1


async def test_the_list_asks_for_itself_alone(site: Site) -> None:
    asks = {"HX_Request": "true", "HX_Target": "house", "X_Live": "1"}
    part = (await site.get("/", ADMIN, **asks)).body
    assert part.startswith('<li><a href="/monitoring#backups">') and "<h1>" not in part and len(part) < 2_000
    assert "Aucune page ouverte en direct" in part
    site.listen(ADMIN, "html")
    assert "Une page ouverte en direct" in (await site.get("/", ADMIN, **asks)).body
