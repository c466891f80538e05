"""What admins see and say of the server, and GET /metrics for Prometheus."""

import hmac
from ipaddress import IPv6Address, ip_address

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from quart import Blueprint, Response, abort, g, request

from fadjma import web
from fadjma.drawing import HEIGHT, WIDTH
from fadjma.i18n import N_, translate
from fadjma.identity.people import Viewer
from fadjma.keeping.keeper import Keeper
from fadjma.keeping.runs import ALARMS
from fadjma.live.hub import Hub
from fadjma.monitoring import actions
from fadjma.monitoring.disk import disk
from fadjma.monitoring.errors import Errors
from fadjma.monitoring.forms import ClockForm
from fadjma.monitoring.health import Health
from fadjma.monitoring.history import History
from fadjma.monitoring.plots import plots
from fadjma.monitoring.report import Prescribing, report
from fadjma.monitoring.wording import CONNECTED, END_REASONS, HEALTH, Words

blueprint = Blueprint("monitoring", __name__)
# Who passes a request on says so in one of these. nginx left as it is says nothing, but asks by HTTP/1.0.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")


@blueprint.get("/monitoring")
async def monitoring() -> Response:
    await web.only("admin")
    history: History = web.app().extensions["history"]
    made = report(history, _hub().figures)
    keeper: Keeper = web.app().extensions["keeper"]
    alarms, room = keeper.alarms(), disk(web.database())
    errors: Errors = web.app().extensions["errors"]
    prescribing = Prescribing(web.app().extensions["prescribing"])
    lately, version = errors.lately(), web.app().extensions["version"]
    return web.answer(
        "monitoring/index.html",
        {
            **made.json(),
            "backups": keeper.standing.json(keeper.plan, alarms, web.language()),
            "disk": room.json(),
            "errors": lately.json(),
            "version": version.json(),
            "prescribing_seconds": prescribing.json(),
        },
        fragment="monitoring/_update.html",
        report=made,
        disk=room,
        errors=lately,
        prescribing=prescribing,
        version=version,
        plan=keeper.plan,
        standing=keeper.standing,
        alarms=[ALARMS[alarm] for alarm in alarms],
        plots=plots(made.minutes),
        size=(WIDTH, HEIGHT),
        words=Words(web.language()),
        roles=CONNECTED,
        end_reasons=END_REASONS,
    )


@blueprint.post("/monitoring/clock")
async def confirm_clock() -> Response:
    form = await web.form(ClockForm)
    await web.change(actions.confirm_clock, form.day.data)
    extensions = web.app().extensions
    await extensions["clock_watch"].look()
    extensions["timekeeper"].wake()  # of another process, too: it looks at the clock before its round
    return web.see_other("/monitoring") if web.wants() != "json" else Response(status=204)


@blueprint.get("/metrics")
async def metrics() -> Response:
    if not _may_scrape():
        abort(404)
    registry: CollectorRegistry = web.app().extensions["metrics"]
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(registry), content_type=content_type)


@blueprint.get("/health")
async def health() -> Response:
    checks: Health = web.app().extensions["health"]
    failing = await checks.failing()
    if not failing:
        return web.as_json({"status": "ok"})
    language = web.language()
    return web.as_json(
        {
            "type": "about:blank",
            "title": translate(language, N_("La base de données ne va pas bien")),
            "status": 503,
            "detail": " ".join(translate(language, HEALTH[part]) for part in failing),
            "failing": failing,
        },
        503,
        "application/problem+json",
    )


def _may_scrape() -> bool:
    """With the token where one is set; else only for a program on this machine, asking without a proxy in between."""
    token: str | None = web.app().extensions["settings"].metrics_token
    if token:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    forwarded = any(name in request.headers for name in _FORWARDED) or request.http_version == "1.0"
    return not forwarded and _is_loopback(request.remote_addr or "")


def _is_loopback(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback


@blueprint.after_app_request
async def _note_page(response: Response) -> Response:
    """A page with a cursor will open a stream: that is no reconnection (Figures.opened)."""
    viewer: Viewer | None = g.get("viewer")
    if viewer and g.get("mail") and response.mimetype == "text/html" and not _partial():
        _hub().figures.page(viewer.session_id)
    return response


def _partial() -> bool:
    return "HX-Request" in request.headers or web.by_itself()


def _hub() -> Hub:
    hub: Hub = web.app().extensions["hub"]
    return hub
