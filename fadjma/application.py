"""Puts the parts together."""

import secrets
from zoneinfo import ZoneInfo

from quart import Quart, Response

from fadjma import cli, dashboards, days, demo, files, web, wiring
from fadjma.access import routes as access
from fadjma.accounts import routes as accounts
from fadjma.config import Settings
from fadjma.identity import directory, passwords
from fadjma.identity.credentials import cookies
from fadjma.inventory import routes as inventory
from fadjma.live import poll
from fadjma.live.hub import Hub
from fadjma.live.stream import StreamEndpoint
from fadjma.monitoring import routes as monitoring
from fadjma.monitoring.history import History
from fadjma.monitoring.metrics import registry
from fadjma.notifications import routes as notifications
from fadjma.prescriptions import routes as prescriptions
from fadjma.records import routes as records
from fadjma.store import Database, Transaction
from fadjma.timekeeping import Timekeeper
from fadjma.web import assets, failures, security
from fadjma.web.front_door import FrontDoor
from fadjma.web.throttle import Throttle

wiring.wire()


def create_app(settings: Settings | None = None) -> Quart:
    """The application; settings come from the environment unless given. Raises SettingsError."""
    settings = settings or Settings.from_environment()
    days.settle_in(ZoneInfo(settings.time_zone))
    app = Quart(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = web.MAX_BODY
    app.secret_key = settings.secret_key
    database = Database(settings.database_url)
    hub = Hub(database)
    database.listener = hub.tell
    history = History(hub, database)
    app.extensions.update(settings=settings, database=database, hub=hub, throttle=Throttle())
    app.extensions.update(demo_accounts=demo.ACCOUNTS if settings.demo else (), demo_password=demo.DEMO_PASSWORD)
    app.extensions.update(history=history, metrics=registry(hub, database))
    cookies.init_app(app)
    security.register(app)
    failures.register(app)
    cli.register(app)
    for part in (
        *(accounts, access, records, prescriptions, inventory),
        *(notifications, poll, dashboards, files, monitoring, assets),
    ):
        app.register_blueprint(part.blueprint)
    app.asgi_app = FrontDoor(StreamEndpoint(app, database, hub))  # type: ignore[assignment, method-assign]
    timekeeper = Timekeeper(database)

    @app.before_serving
    async def open_all() -> None:
        await database.open()
        try:
            app.secret_key = app.secret_key or await database.write(_demo_secret)
            if settings.demo:
                password_hash = await passwords.hash_password(demo.DEMO_PASSWORD)
                await database.write(_fill_when_empty, password_hash)
        except BaseException:
            await database.close()  # its threads would keep the process from ending
            raise
        hub.start()
        history.start()
        timekeeper.start()

    @app.after_serving
    async def close_all() -> None:
        await timekeeper.stop()
        await history.stop()
        await hub.stop()
        await database.close()

    @app.get("/health")
    async def health() -> Response:
        await database.read(lambda tx: tx.value("SELECT count(*) FROM settings"))
        return web.as_json({"status": "ok"})

    return app


def _demo_secret(tx: Transaction) -> str:
    """Demo mode needs no setting: its key is made once and kept, so that a restart signs nobody out."""
    tx.execute(
        "INSERT INTO settings (key, value) VALUES ('demo_secret_key', :made) ON CONFLICT (key) DO NOTHING",
        {"made": secrets.token_urlsafe(48)},
    )
    return str(tx.value("SELECT value FROM settings WHERE key = 'demo_secret_key'"))


def _fill_when_empty(tx: Transaction, password_hash: str) -> None:
    if not directory.is_anybody_known(tx):
        demo.fill(tx, password_hash=password_hash)
