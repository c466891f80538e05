"""Several processes of the program on one PostgreSQL, each of which may be killed, frozen or started again."""

import signal
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
from clusters import Cluster
from live_people import Clinic, Person
from live_server import ROOT, Server
from postgresql_store import PostgreSQLStore

from fadjma.store import milliseconds

PATIENCE = 5.0  # seconds for which a client waits for a process that may stand still


class Fleet:
    """The processes, with folders of their own and the papers of all in one; the first that comes makes the tables."""

    def __init__(
        self, cluster: Cluster, folder: Path, size: int, *, url: str = "", root: Path = ROOT, **settings: str
    ) -> None:
        """`url`: of a database in it that is empty; else one is made. `root`: of the program, if it is not this one."""
        self.cluster = cluster
        self.url = url or cluster.url(cluster.create())
        settings = {
            "FADJMA_DATABASE_URL": self.url,
            "FADJMA_DEMO": "0",
            "FADJMA_PAPERS": str(folder / "papers"),
            "FADJMA_SEAL_KEY_FILE": str(folder / "fadjma.seal"),
            **settings,
        }
        self.servers: list[Server] = []
        for number in range(size):
            place = folder / str(number)
            place.mkdir()
            self.servers.append(Server(place, root=root, **settings))

    def __enter__(self) -> "Fleet":
        try:
            first, *others = self.servers
            first.start_again()
            for server in others:
                server.launch()
            for server in others:
                server.await_address()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        for server in self.servers:
            server.close()

    @property
    def log(self) -> str:
        return "".join(server.log for server in self.servers)

    def ask(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask PostgreSQL about itself."""
        with self.cluster.connect("postgres") as connection:
            return connection.execute(sql.encode(), parameters).fetchall()

    def keeper(self) -> Server | None:
        """Which of them keeps the time."""
        found = self.ask(
            "SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid) "
            "WHERE locktype = 'advisory' AND granted AND application_name LIKE 'fadjma %%'"
        )
        pids = {int(name.removeprefix("fadjma ")) for (name,) in found if name != "fadjma listens"}
        return next((server for server in self.servers if server.is_up and server.pid in pids), None)

    def cut(self, name: str = "fadjma%") -> int:
        """End connections to the database by what they are called; returns how many."""
        found = self.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s", name)
        return len(found)

    def kill_backend(self) -> None:
        """Kill a process of PostgreSQL's that works for one of them."""
        found = self.ask("SELECT pid FROM pg_stat_activity WHERE application_name = 'fadjma' ORDER BY random() LIMIT 1")
        self.cluster.kill(*(pid for (pid,) in found))

    def crash(self) -> None:
        """The database is gone, and comes back."""
        self.cluster.stop(signal.SIGQUIT)
        self.cluster.start()


class FleetClinic(Clinic):
    """People whose requests go to one process after the other, as a proxy sends them."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self._turns = cycle(fleet.servers)
        store = PostgreSQLStore(fleet.url, milliseconds)  # type: ignore[arg-type]
        super().__init__(fleet.servers[0], store=store, patience=PATIENCE)

    @property
    def address(self) -> str:
        return next(self._turns).address

    def look_again(self) -> None:
        """The database was away: once it is back, the test's own connection is another."""
        self.store.close()
        self.fleet.cluster.await_it()
        self.store = PostgreSQLStore(self.fleet.url, milliseconds)  # type: ignore[arg-type]


class Through(Clinic):
    """The same people by one process alone."""

    def __init__(self, clinic: FleetClinic, server: Server) -> None:
        super().__init__(server, store=clinic.store)

    async def __aexit__(self, *error: object) -> None:
        await self._closing.aclose()
        await self._http.aclose()

    async def browse(
        self, who: Person, method: str, path: str, *, accept: str = "application/json", **fields: Any
    ) -> httpx.Response:
        """What a script of a page asks, with the browser's cookie. `accept`: what it wants instead of JSON."""
        headers = {**who.session.cookie, "Accept": accept, "Sec-Fetch-Site": "same-origin"}
        return await self._http.request(method, self.address + path, headers=headers, json=fields or None)

    async def guess(self, login: str) -> httpx.Response:
        """Somebody tries to sign in."""
        said = {"email": login, "password": "not the password"}
        return await self._http.post(f"{self.address}/api/token", json=said)
