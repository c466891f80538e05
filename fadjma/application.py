"""Puts the parts together."""

import logging
import math
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any, TypeVar

from quart import Quart

from fadjma import (
    cli,
    dashboards,
    demo,
    drilling,
    files,
    first_page,
    offline,
    rules,
    search,
    verifying,
    version,
    web,
    wiring,
)
from fadjma.access import routes as access
from fadjma.access.tracing import trace_try
from fadjma.accounts import routes as accounts
from fadjma.announcements import routes as announcements
from fadjma.audit import routes as audit
from fadjma.chain.before import TakeIn
from fadjma.chain.sealer import Sealer
from fadjma.clockwatch import AWAY, ClockWatch
from fadjma.config import Settings
from fadjma.drafts import routes as drafts
from fadjma.events import StillToTell
from fadjma.family import routes as family
from fadjma.fhir import routes as fhir
from fadjma.histogram import WRITING, Histogram
from fadjma.identity import directory, passwords
from fadjma.identity.credentials import cookies
from fadjma.inventory import routes as inventory
from fadjma.keeping import copies
from fadjma.keeping.copies import planned
from fadjma.keeping.keeper import Keeper
from fadjma.linking import routes as linking
from fadjma.live import poll
from fadjma.live.hub import Hub
from fadjma.live.stream import StreamEndpoint
from fadjma.monitoring import routes as monitoring
from fadjma.monitoring.errors import Errors
from fadjma.monitoring.health import Health
from fadjma.monitoring.history import History
from fadjma.monitoring.metrics import registry
from fadjma.notifications import routes as notifications
from fadjma.papers import routes as papers
from fadjma.papers.intake import Intake
from fadjma.places import routes as places
from fadjma.prescriptions import routes as prescriptions
from fadjma.reception import routes as reception
from fadjma.records import routes as records
from fadjma.rules import Rules
from fadjma.safety import routes as safety
from fadjma.settings import routes as clinic_settings
from fadjma.settings.actions import load as load_rules
from fadjma.store import Announced, Database, Said, Transaction, Unavailable, Unusable, at, keep, kept
from fadjma.taking import routes as taking
from fadjma.taking.archive import Sources
from fadjma.taking.maker import Maker
from fadjma.taking.routes.paging import alone
from fadjma.timekeeping import Timekeeper
from fadjma.web import assets, failures, security
from fadjma.web.addresses import Address
from fadjma.web.attempts import Attempts
from fadjma.web.bounds import Bounds
from fadjma.web.front_door import FrontDoor
from fadjma.web.throttle import Throttle

R = TypeVar("R")
_FILLING_SECONDS = 60  # that the demo of another process is waited for; it takes 3, on a small machine 15

log = logging.getLogger("fadjma")
wiring.wire()


def create_app(settings: Settings | None = None) -> Quart:
    """The application; settings come from the environment unless given. Raises SettingsError."""
    settings = settings or Settings.from_environment()
    rules.settle(replace(Rules(), **settings.fixed))
    app = Quart(__name__, static_folder=None)
    app.ensure_async = cache(app.ensure_async)  # type: ignore[method-assign]  # asked seven times a request, of the same few
    app.url_rule_class = Address
    app.request_class = web.Request  # type: ignore[assignment]  # its hint names the class, not those made of it
    app.config["MAX_CONTENT_LENGTH"] = web.MAX_BODY
    app.secret_key = settings.secret_key
    database = at(settings.database_url, wal_limit=settings.wal_limit)
    hub = Hub(database)
    bounds = Bounds(settings.acts_per_hour, database.clock, database.tell_others)
    hub.swept = bounds.pass_on
    database.heard = hub.hear

    def told(said: Said | None) -> None:
        hub.colleagues.hear(said)
        bounds.hear(said)

    database.told = told
    history = History(hub, database)
    app.extensions.update(
        settings=settings,
        database=database,
        hub=hub,
        throttle=Throttle(None if database.is_file else Attempts(database)),
        bounds=bounds,
    )
    app.extensions.update(demo_accounts=demo.ACCOUNTS if settings.demo else (), demo_password=demo.DEMO_PASSWORD)
    app.extensions.update(history=history, health=Health(database))
    app.extensions.update(errors=Errors(lambda: database.clock()), version=version.running())
    intake = Intake(settings.papers_folder)
    sources = Sources(alone, intake.contents)
    app.extensions.update(papers=intake, maker=Maker(database, settings.papers_folder / "exports", sources))
    app.extensions["covered"] = verifying.COVERED
    prescribing = Histogram(WRITING)
    app.extensions["prescribing"] = prescribing
    cookies.init_app(app)
    security.register(app)
    failures.register(app, trace_try, wiring.ending)
    cli.register(app)
    for part in (
        *(
            accounts,
            places,
            access,
            reception,
            family,
            linking,
            records,
            papers,
            prescriptions,
            taking,
            inventory,
            safety,
        ),
        *(
            fhir,
            drafts,
            notifications,
            poll,
            dashboards,
            files,
            search,
            monitoring,
            clinic_settings,
            audit,
            announcements,
            assets,
            offline,
        ),
    ):
        app.register_blueprint(part.blueprint)
    first_page.register(app)
    app.asgi_app = FrontDoor(StreamEndpoint(app, database, hub))  # type: ignore[assignment, method-assign]
    running = Running(app, settings, database, hub, history)
    app.extensions.update(
        running=running, keeper=running.keeper, metrics=registry(hub, database, running.keeper, prescribing)
    )
    app.before_serving(running.open)
    app.after_serving(running.close)
    return app


class Running:
    """What runs beside the requests: opened before the first of them, closed after the last."""

    def __init__(self, app: Quart, settings: Settings, database: Database, hub: Hub, history: History) -> None:
        self._app = app
        self._settings = settings
        self._database = database
        self._hub = hub
        self._history = history
        away = math.inf if settings.demo else AWAY  # the demo is looked at whenever somebody thinks of it
        self._clock_watch = ClockWatch(database, lambda: app.extensions["throttle"].forgive_all(), away=away)
        app.extensions["clock_watch"] = self._clock_watch
        self._maker: Maker = app.extensions["maker"]
        drops = app.extensions["papers"].drop, self._maker.drop
        self._timekeeper = Timekeeper(
            database, self._clock_watch, self.settle_rules, *drops, take_in=TakeIn(verifying.COVERED)
        )
        app.extensions["timekeeper"] = self._timekeeper
        database.listener = self._committed
        plan = planned(settings, database.path) if database.is_file else None
        walk = partial(verifying.walk, is_sound=partial(copies.is_sound, plan)) if plan else verifying.walk
        self._sealer = Sealer(database, settings.seal_key, self._timekeeper.owner)
        app.extensions["sealer"] = self._sealer
        self.keeper = Keeper(database, plan, self._timekeeper.owner, walk, self._sealer.seal, drilling.wrong_with)
        self._errors: Errors = app.extensions["errors"]
        self._open = False

    def _committed(self, announced: Announced) -> None:
        self._hub.tell(announced)
        if any(isinstance(what, StillToTell) for what in announced):
            self._timekeeper.tell()

    async def open(self) -> None:
        """Open everything; a second time does nothing. Raises Unusable; then nothing stays open."""
        if self._open:
            return
        try:
            with self._database.usable():
                await self._open_all()
        except BaseException:
            await self.close()
            raise
        self._open = True

    async def _open_all(self) -> None:
        logging.getLogger().addHandler(self._errors)
        await self._database.open()
        if mistaken := await self._database.read(_mistaken, self._settings.demo):
            raise Unusable(f"La base {self._database.path} {mistaken}.")
        if not self._app.secret_key and not self._settings.demo:
            raise Unusable(f"La base {self._database.path} n'est pas servie sans clé secrète : lancez « quart setup ».")
        self._app.secret_key = self._app.secret_key or await self._in_turn(_demo_secret)
        if not await self._database.read(directory.is_anybody_known):
            await self._begin()
        owner = self._timekeeper.owner
        if not await owner.ask() and self._database.is_file:  # of PostgreSQL's there may be any number
            log.warning(
                "La base %s est déjà servie par un autre processus (%s) : de l'un à l'autre, les nouvelles "
                "arrivent jusqu'à deux secondes plus tard, et lui seul tient les échéances. Un seul suffit.",
                *(self._database.path, owner.holder()),
            )
        await self.settle_rules()
        await self._maker.tidy()
        await self._clock_watch.look()
        await self._sealer.open()
        self._hub.start()
        self._history.start()
        self._timekeeper.start()
        self._sealer.start()
        self.keeper.start()

    async def _begin(self) -> None:
        """Nobody is there yet: the demo's people come, or whoever installs it is told where."""
        if self._settings.demo:
            password_hash = await passwords.hash_password(demo.DEMO_PASSWORD)
            await self._in_turn(_fill_when_empty, password_hash)
            return
        shared = not self._database.is_file
        log.warning(
            "La base %s est vide. Pour installer FADJMA, ouvrez %s à l'adresse où il est servi "
            "(http://%s:%d%s sur cette machine), ou lancez « quart setup ».",
            *(self._database.path, address := first_page.open_at(self._app, shared=shared)),
            *(self._settings.host, self._settings.port, address),
        )

    async def _in_turn(self, work: Callable[..., R], *args: Any) -> R:
        """What the work returns; another process that starts beside this one may be filling the demo meanwhile."""
        give_up = time.monotonic() + _FILLING_SECONDS
        while True:
            try:
                return await self._database.write(work, *args)
            except Unavailable as outage:  # having waited for the lock as long as any writer does
                if outage.reason != "locked" or time.monotonic() > give_up:
                    raise

    async def settle_rules(self) -> None:
        """What the clinic has chosen counts from now on in this process, too."""
        chosen = await self._database.read(load_rules, self._settings.fixed)
        rules.settle(chosen.rules)

    async def close(self) -> None:
        self._open = False
        logging.getLogger().removeHandler(self._errors)
        await self._maker.stop()
        await self.keeper.stop()
        await self._sealer.stop()
        await self._timekeeper.stop()
        await self._history.stop()
        await self._hub.stop()
        await self._database.close()


def _mistaken(tx: Transaction, demo_mode: bool) -> str | None:
    """What is wrong with serving this database so: the demo's passwords are public, and real people have real files."""
    filled = demo.has_filled(tx)
    if filled and not demo_mode:
        return (
            "a été remplie par la démonstration, dont les mots de passe sont publics : choisissez-en une autre avec "
            "FADJMA_DATABASE_URL, ou lancez FADJMA_DEMO=1"
        )
    if demo_mode and not filled and directory.is_anybody_known(tx):
        return "contient des comptes qui ne sont pas ceux de la démonstration : lancez FADJMA sans FADJMA_DEMO"
    return None


def _demo_secret(tx: Transaction) -> str:
    """Demo mode needs no setting: its key is made once and kept, so that a restart signs nobody out."""
    secret = kept(tx, "demo_secret_key")
    if secret is None:
        secret = secrets.token_urlsafe(48)
        keep(tx, "demo_secret_key", secret)
    return secret


def _fill_when_empty(tx: Transaction, password_hash: str) -> None:
    if not directory.is_anybody_known(tx):
        demo.fill(tx, password_hash=password_hash)
