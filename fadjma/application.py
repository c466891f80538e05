"""Puts the parts together."""

import logging
import secrets

from quart import Quart

from fadjma import cli, dashboards, demo, web
from fadjma.access import routes as access
from fadjma.accounts import routes as accounts
from fadjma.clockwatch import ClockWatch
from fadjma.config import Settings
from fadjma.identity import passwords
from fadjma.identity.credentials import cookies
from fadjma.identity.identifiers import new_identifier
from fadjma.inventory import routes as inventory
from fadjma.live import poll
from fadjma.live.hub import Hub
from fadjma.live.stream import StreamEndpoint
from fadjma.monitoring import routes as monitoring
from fadjma.monitoring.health import Health
from fadjma.monitoring.history import History
from fadjma.monitoring.metrics import registry
from fadjma.notifications import routes as notifications
from fadjma.prescriptions import routes as prescriptions
from fadjma.records import routes as records
from fadjma.store import Database, Transaction
from fadjma.timekeeping import Timekeeper
from fadjma.web import assets, failures, security
from fadjma.web.front_door import front_door
from fadjma.web.throttle import Throttle

log = logging.getLogger("fadjma")


def create_app(settings: Settings | None = None) -> Quart:
    """The application; settings come from the environment unless given. Raises SettingsError."""
    settings = settings or Settings.from_environment()
    app = Quart(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = web.MAX_BODY
    app.secret_key = settings.secret_key
    database = Database(settings.database_url, wal_limit=settings.wal_limit)
    hub = Hub(database)
    database.listener = hub.tell
    history = History(hub, database)
    app.extensions.update(settings=settings, database=database, hub=hub, throttle=Throttle())
    app.extensions.update(demo_accounts=demo.ACCOUNTS if settings.demo else (), demo_password=demo.DEMO_PASSWORD)
    app.extensions.update(history=history, metrics=registry(hub, database), health=Health(database))
    cookies.init_app(app)
    security.register(app)
    failures.register(app)
    cli.register(app)
    for part in (
        *(accounts, access, records, prescriptions, inventory),
        *(notifications, poll, dashboards, monitoring, assets),
    ):
        app.register_blueprint(part.blueprint)
    app.asgi_app = front_door(StreamEndpoint(app, database, hub))  # type: ignore[assignment, method-assign]
    running = Running(app, settings, database, hub, history)
    app.extensions["running"] = running
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
        self._clock_watch = ClockWatch(database, lambda: app.extensions["throttle"].forgive_all())
        app.extensions["clock_watch"] = self._clock_watch
        self._timekeeper = Timekeeper(database, self._clock_watch)
        self._open = False

    async def open(self) -> None:
        """Open everything; a second time does nothing. When it fails, nothing stays open and the error is raised."""
        if self._open:
            return
        try:
            await self._database.open()
            self._app.secret_key = self._app.secret_key or await self._database.write(_demo_secret)
            if self._settings.demo:
                password_hash = await passwords.hash_password(demo.DEMO_PASSWORD)
                await self._database.write(_fill_when_empty, password_hash)
            owner = self._timekeeper.owner
            if not owner.take():
                log.warning(
                    "La base %s est déjà servie par un autre processus (%s) : de l'un à l'autre, les nouvelles "
                    "arrivent jusqu'à deux secondes plus tard, et lui seul tient les échéances. Un seul suffit.",
                    *(self._database.path, owner.holder()),
                )
            await self._clock_watch.look()
            self._hub.start()
            self._history.start()
            self._timekeeper.start()
        except BaseException:
            await self.close()
            raise
        self._open = True

    async def close(self) -> None:
        self._open = False
        await self._timekeeper.stop()
        await self._history.stop()
        await self._hub.stop()
        await self._database.close()


def _demo_secret(tx: Transaction) -> str:
    """Demo mode needs no setting: its key is made once and kept, so that a restart signs nobody out."""
    tx.execute(
        "INSERT INTO settings (key, value) VALUES ('demo_secret_key', :made) ON CONFLICT (key) DO NOTHING",
        {"made": secrets.token_urlsafe(48)},
    )
    return str(tx.value("SELECT value FROM settings WHERE key = 'demo_secret_key'"))


def _fill_when_empty(tx: Transaction, password_hash: str) -> None:
    if not tx.value("SELECT 1 FROM users LIMIT 1"):
        demo.fill(tx, password_hash=password_hash, identifiers=new_identifier)
