"""Serving with uvicorn; the signal to stop ends the streams first, for which uvicorn would wait for ever."""

import asyncio
import errno
import gc
import logging
import os
import signal
import socket
import sys
from functools import partial
from types import FrameType
from typing import NoReturn

import uvicorn
from quart import Quart

from fadjma.application import Running
from fadjma.live.hub import Hub
from fadjma.server.lines import ERRORS, Descriptor, Lines, say
from fadjma.server.protocol import Protocol
from fadjma.server.requests import Connection
from fadjma.store import Database, Unusable

if sys.platform != "win32":
    import resource

log = logging.getLogger("fadjma")
_FILES = 1_048_576  # open files, where nothing else limits them; Linux allows a process no more by itself
_GRACE = 2  # seconds for what is being answered when the signal comes
_WRITES = 1.0  # of them, in which a write may still be begun
_CUT_BEFORE = 0.3  # before they are over: then uvicorn would answer 500 to what may well have been done
_ARRIVING = 0.1  # seconds in which a connection that has been taken may still send what it came for
_BACKLOG = 4_096  # connections waiting to be accepted: everybody comes back at once after a power cut


class Server(uvicorn.Server):
    """uvicorn, saying goodbye on every open stream as soon as it is asked to stop."""

    def __init__(self, config: uvicorn.Config, app: Quart) -> None:
        super().__init__(config)
        self._running: Running = app.extensions["running"]
        self._hub: Hub = app.extensions["hub"]
        self._database: Database = app.extensions["database"]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """On SIGINT and SIGTERM; `after_serving` would be too late (docs/decisions/13-streams-end-at-the-signal.md)."""
        super().handle_exit(sig, frame)
        if self._loop:
            self._loop.call_soon_threadsafe(self._begin_to_stop)

    def _begin_to_stop(self) -> None:
        if self._opening:
            self._opening.cancel()
        self._hub.restart()
        self._database.finish_within(_WRITES)

    async def startup(self, sockets: object = None) -> None:
        """Open everything, then listen. A signal that came meanwhile, or before, is obeyed; a failure exits with 1."""
        self._loop = asyncio.get_running_loop()
        if self.should_exit:
            return
        await self._require_address()
        if not await self._open():
            return
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            say(f"FADJMA: http://{self.config.host}:{port}")

    async def _require_address(self) -> None:
        """Before the database is opened, and perhaps changed for a start that cannot be."""
        host, port = self.config.host, self.config.port
        try:
            bound = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port, start_serving=False)
        except OSError as error:
            _refuse(f"{host}:{port} ne se laisse pas ouvrir : {_why_not(error, port)}")
        bound.close()

    async def _open(self) -> bool:
        """Whether everything is open; not when the signal to stop came first. What fails at the start ends it."""
        self._opening = asyncio.create_task(self._running.open())
        try:
            await self._opening
        except asyncio.CancelledError:
            return False
        except Unusable as error:
            _refuse(str(error))
        except Exception:
            log.exception("FADJMA ne démarre pas")
            sys.exit(1)
        finally:
            self._opening = None
        return True

    async def shutdown(self, sockets: object = None) -> None:
        """Whoever has no answer when the grace is over loses the connection: that it was not done, nobody may say.

        Who waits to be taken is taken before nobody is any more, and has a moment to send a request: uvicorn would
        close a connection on which none has been read, and a proxy sends no POST a second time that was on its way.
        """
        await self._take_the_last()
        await asyncio.sleep(_ARRIVING)
        cutting = asyncio.get_running_loop().call_later(_GRACE - _CUT_BEFORE, self._cut)
        await super().shutdown(sockets)  # type: ignore[arg-type]
        cutting.cancel()

    async def _take_the_last(self) -> None:
        """Listen no more. What the kernel has taken by then would be reset with the socket: it is served instead, and
        so a second name of the socket is open for as long as anything waits."""
        for server in self.servers:
            for listening in [socket.socket(fileno=os.dup(one.fileno())) for one in server.sockets]:
                server.close()
                with listening:
                    listening.setblocking(False)
                    taken = list(iter(partial(_accept, listening), None))
                for one in taken:
                    await asyncio.get_running_loop().connect_accepted_socket(self._protocol, one)

    def _protocol(self) -> asyncio.Protocol:
        """As uvicorn makes one for each connection."""
        return Protocol(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    def _cut(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()


def _accept(listening: socket.socket) -> socket.socket | None:
    """The next that waits; None: nobody does."""
    try:
        return listening.accept()[0]
    except BlockingIOError:
        return None


def _refuse(why: str) -> NoReturn:
    say(f"FADJMA ne démarre pas. {why}", ERRORS)
    sys.exit(1)


def _why_not(error: OSError, port: int) -> str:
    """Why nobody can listen there, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"un autre programme, ou un autre FADJMA, tient ce port (ss -ltnp | grep :{port}) ; ou changez FADJMA_PORT."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return "ce port est réservé à root : donnez 8000 à FADJMA_PORT, et mettez un proxy devant (README.md)."
    return f"cette machine n'a pas cette adresse ({error.strerror}), vérifiez FADJMA_HOST."


def serve(app: Quart) -> None:
    """Serve `app` with its settings until SIGINT or SIGTERM."""
    settings = app.extensions["settings"]
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        handlers=[Lines(Descriptor(ERRORS))],
    )
    # Our format shows none of these, and each is looked up for every line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    _allow_many_streams()
    config = uvicorn.Config(
        app,
        http=Protocol,
        host=settings.host,
        port=settings.port,
        access_log=False,  # ours names routes, not addresses: an address may hold an identifier
        log_config=None,
        log_level="warning",
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=75,
        backlog=_BACKLOG,
        lifespan="on",
        ws="none",  # nothing here speaks WebSocket; Quart answers what uvicorn would let through with a 500
    )
    app.asgi_http_class = Connection
    _print_demo_accounts(app)
    server = Server(config, app)
    for sig in _to_stop():
        # From now on it is remembered; uvicorn puts the same in place when it runs, and raises the signal again when
        # everything is closed: by then there is nothing left to stop.
        signal.signal(sig, server.handle_exit)
    _calm_the_garbage_collector()
    server.run()


def _to_stop() -> list[signal.Signals]:
    """The signals that end it in order. SIGHUP, too, by which tools that turn a log ask for a new file, and with which
    a terminal says that it goes; not where whoever starts us lets it mean nothing (nohup)."""
    signals = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signals.append(signal.SIGHUP)
    return signals


def _allow_many_streams() -> None:
    """Each stream is an open file, and the usual soft limit of 1,024 is there for old programs that call select()."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _calm_the_garbage_collector() -> None:
    """Look for cycles rarely: with 9,000 streams open, going through all objects stops everybody for 170 to 310 ms.

    What is loaded by now is never looked at again. What a request leaves behind is freed by its reference counts; the
    few cycles are young when they are found.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _print_demo_accounts(app: Quart) -> None:
    if not app.extensions["demo_accounts"]:
        return
    say("Comptes de démonstration, mot de passe " + app.extensions["demo_password"])
    for account in app.extensions["demo_accounts"]:
        say(f"  {account.email:26} {account.name} ({account.note})")
