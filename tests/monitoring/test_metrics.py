"""GET /metrics: who may, what Prometheus reads, and that nobody is named."""

import asyncio
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from cast import ADMIN, AWA, CAST, DIOP, EMAILS, GASSAMA, NDIAYE, THIAM
from house import Site
from prometheus_client import Metric, generate_latest, openmetrics, parser
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families

from fadjma import create_app
from fadjma.config import Settings
from fadjma.identity.people import ROLES
from fadjma.identity.sessions import SessionsEnded
from fadjma.keeping.copies import Plan
from fadjma.keeping.keeper import Keeper
from fadjma.keeping.runs import ALARMS, Run, Standing
from fadjma.live import hub, replay
from fadjma.live.figures import END_REASONS, WAYS
from fadjma.store import Announced

LOCAL = {"address": "127.0.0.1"}
TOKEN = "a token for Prometheus"


def _families(text: str) -> dict[str, Metric]:
    return {family.name: family for family in parser.text_string_to_metric_families(text)}


async def _scrape(site: Site) -> dict[str, Metric]:
    answer = await site.get("/metrics", **LOCAL)
    assert answer.status_code == 200
    return _families(answer.body)


class TestWhoMay:
    async def test_without_a_token_a_program_on_this_machine(self, site: Site) -> None:
        for address in ("127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1"):
            assert (await site.get("/metrics", address=address)).status_code == 200, address

    async def test_and_nobody_from_elsewhere(self, site: Site) -> None:
        for address in ("10.0.0.1", "192.168.1.7", "::2", "::ffff:10.0.0.1", "<local>", "localhost"):
            answer = await site.get("/metrics", ADMIN, address=address)
            assert answer.status_code == 404, address
            assert "fadjma_" not in answer.body, address

    async def test_nor_through_a_proxy_on_this_machine(self, site: Site) -> None:
        said: list[dict[str, str]] = [
            {"X_Forwarded_For": "127.0.0.1"},
            {"X_Real_IP": "127.0.0.1"},
            {"Forwarded": "for=127.0.0.1"},
            {"X_Forwarded_Proto": "https"},
            {"X_Forwarded_Host": "fadjma.sn"},
            {"Via": "1.1 caddy"},
            {"http": "1.0"},  # nginx left as it is
        ]
        for headers in said:
            assert (await site.get("/metrics", address="127.0.0.1", **headers)).status_code == 404, headers

    @pytest.mark.parametrize("settings", [{"metrics_token": TOKEN}])
    async def test_with_a_token_who_knows_it_and_nobody_else_not_even_from_this_machine(self, site: Site) -> None:
        assert (await site.get("/metrics", Authorization=f"Bearer {TOKEN}")).status_code == 200
        assert (await site.get("/metrics", Authorization=f"Bearer {TOKEN}", Via="1.1 caddy")).status_code == 200
        for given in ("", TOKEN, f"Basic {TOKEN}", "Bearer", f"Bearer {TOKEN}x", "Bearer é"):
            headers = {"Authorization": given} if given else {}
            answer = await site.get("/metrics", ADMIN, address="127.0.0.1", **headers)
            assert answer.status_code == 404, given
            assert "fadjma_" not in answer.body, given


class TestForm:
    async def test_is_prometheus_text(self, site: Site) -> None:
        answer = await site.get("/metrics", **LOCAL)
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        assert answer.headers["Cache-Control"] == "no-store"
        assert len(_families(answer.body)) == 21

    async def test_is_openmetrics_for_who_asks_for_it(self, site: Site) -> None:
        answer = await site.get("/metrics", **LOCAL, Accept=openmetrics.exposition.CONTENT_TYPE_LATEST)
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        assert len(list(openmetrics_families(answer.body))) == 21

    async def test_names_follow_the_conventions(self, site: Site) -> None:
        text = (await site.get("/metrics", **LOCAL)).body
        for name, family in _families(text).items():
            assert re.fullmatch("fadjma_[a-z_]+", name)
            assert family.documentation.endswith(".")
            if family.type == "counter":
                assert re.search(rf"^{name}_total", text, re.MULTILINE)
            if family.type == "histogram":
                assert name.endswith(("_seconds", "_bytes"))

    async def test_all_labels_are_there_from_the_start(self, site: Site) -> None:
        families = await _scrape(site)
        assert _labels(families["fadjma_connected_users"].samples) == {("role", role) for role in ROLES}
        assert _labels(families["fadjma_live_streams"].samples) == {("encoding", "html"), ("encoding", "json")}
        assert _labels(families["fadjma_live_streams_ended"].samples) == {("reason", reason) for reason in END_REASONS}
        assert _labels(families["fadjma_live_events_delivered"].samples) == {("way", way) for way in WAYS}
        assert _labels(families["fadjma_live_written_bytes"].samples) == {("way", "stream"), ("way", "poll")}
        assert _labels(families["fadjma_backup_last_success_seconds"].samples) == {("kind", "copy"), ("kind", "drill")}
        assert _labels(families["fadjma_backup_alarm"].samples) == {("alarm", alarm) for alarm in ALARMS}

    async def test_two_applications_in_one_process_stay_apart(self, site: Site, tmp_path: Path) -> None:
        other = create_app(Settings(secret_key="x" * 32, database_url=f"sqlite:///{tmp_path}/other.db"))
        site.listen(AWA)
        answer = await other.test_client().get("/metrics", scope_base={"client": ("127.0.0.1", 1)})
        assert "fadjma_live_streams_opened_total 0.0" in await answer.get_data(as_text=True)
        assert (await _scrape(site))["fadjma_live_streams_opened"].samples[0].value == 1


def _labels(samples: Iterable[Any]) -> set[tuple[str, str]]:
    return {pair for sample in samples for pair in sample.labels.items()}


async def _everything(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A story in which every figure is raised, and some things are still open or waiting at its end."""
    site.listen(DIOP, "html")
    site.listen(DIOP, "html")  # without a page: a reconnection
    await site.notify(DIOP)
    await site.quiet()
    await site.get("/notifications/poll?after=0", NDIAYE, Accept="application/json")
    await site.notify(NDIAYE)
    await site.get("/notifications/poll?after=0", NDIAYE, Accept="application/json")
    site.listen(AWA, level=replay.LIMIT + 1)  # a reset
    for reason in ("signed_out", "expired", "deactivated", "renewed", "locked", "changed", "withdrawn"):
        site.listen(AWA)
        site.hub.tell(Announced([SessionsEnded((AWA.session_id,), reason)]))  # type: ignore[arg-type]
    for _ in range(hub.STREAMS_PER_USER + 1):
        stream, _ = site.listen(AWA)
    site.hub.remove(stream)
    site.seconds.now += 3601
    site.figures.pass_time()
    await site.get("/notifications/poll?after=1", NDIAYE, Accept="application/json")  # still a poller
    _, wire = site.listen(ADMIN)
    wire.broken = ConnectionResetError()
    await site.notify(ADMIN)
    await site.quiet()
    monkeypatch.setattr(hub, "WRITE_DEADLINE", 0.01)
    _, wire = site.listen(ADMIN)
    wire.flows.clear()
    await site.notify(ADMIN)
    await site.quiet()
    monkeypatch.undo()
    await site.notify(ADMIN, times=2)
    site.listen(ADMIN, level=4)  # caught up
    await site.quiet()
    site.hub.restart()
    await site.quiet()
    site.hub.restarting = False
    site.listen(ADMIN, "html", after=4)
    site.listen(AWA, "json")
    site.listen(DIOP, "json")
    keeper: Keeper = site.app.extensions["keeper"]
    keeper.plan = Plan(site.database.path, site.database.path.parent, every=1, keep=1, key=None)
    good, failed = Run(1_000, 2_000, "monday.db", 4_096, ""), Run(3_000, 3_000, "", 0, "the disk is full")
    keeper.standing = Standing(failed, good, failed, good)
    for person in (THIAM, GASSAMA):  # the other roles
        site.listen(person)


class TestFigures:
    async def test_each_is_raised(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        quiet = await _scrape(site)
        assert {sample.value for family in quiet.values() for sample in family.samples} == {0}
        await _everything(site, monkeypatch)
        site.app.extensions["prescribing"].observe(12.0)
        write = asyncio.create_task(site.database.write(lambda tx: None))
        await asyncio.sleep(0)
        site.announce({AWA.id: 1}, committed_at=0)  # waits to be delivered
        stream, wire = site.listen(ADMIN)
        wire.flows.clear()
        site.hub._write(stream, b"a link that is full")
        families = _families(_text(site))
        await write
        wire.flows.set()
        await site.quiet()
        still = {
            (sample.name, *sample.labels.values())
            for family in families.values()
            for sample in family.samples
            if not sample.value and "le" not in sample.labels
        }
        assert still == set()

    async def test_and_nobody_is_named(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        await _everything(site, monkeypatch)
        text = _text(site)
        families = _families(text)
        assert {name for family in families.values() for name, _ in _labels(family.samples)} == {
            *("role", "encoding", "reason", "way", "le", "kind", "alarm")
        }
        known = {*ROLES, *END_REASONS, *WAYS, *ALARMS, "html", "json", "stream", "copy", "drill"}
        for family in families.values():
            assert {value for name, value in _labels(family.samples) if name != "le"} <= known
        for person in CAST:
            for secret in (person.session_id, person.given_name, person.family_name, EMAILS[person.id]):
                assert secret not in text

    async def test_a_histogram_adds_up(self, site: Site) -> None:
        site.listen(AWA)
        for seq, late in enumerate((0.0004, 0.0018, 0.3, 99), 1):
            site.announce({AWA.id: seq}, committed_at=site.seconds.now - late)
            await site.quiet()
        samples = {
            (sample.name.removeprefix("fadjma_live_latency_seconds_"), sample.labels.get("le")): sample.value
            for sample in (await _scrape(site))["fadjma_live_latency_seconds"].samples
        }
        assert [samples["bucket", le] for le in ("0.0005", "0.0015", "0.002", "0.5", "30.0", "+Inf")] == [
            1,
            1,
            2,
            3,
            3,
            4,
        ]
        assert samples["count", None] == 4
        assert samples["sum", None] == pytest.approx(99.3022)


def _text(site: Site) -> str:
    """Collected in this moment, without a request in which something else may happen."""
    return generate_latest(site.app.extensions["metrics"]).decode()
