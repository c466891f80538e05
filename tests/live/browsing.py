"""Somebody who opens pages one after the other, and how long each took: what others notice while something is going on.

In a thread of its own and with a blocking connection, so that it measures the server and not the test.
"""

import http.client
import threading
import time

from live_people import Person
from live_server import Server

_READS_IT = 0.002  # seconds between two pages


class Browsing:
    """Pages, until the block ends. `spent` is in seconds."""

    def __init__(self, server: Server, who: Person, path: str = "/access-requests") -> None:
        host, _, port = server.address.removeprefix("http://").partition(":")
        self.spent: list[float] = []
        self._connection = http.client.HTTPConnection(host, int(port), timeout=60)
        self._path, self._headers = path, who.session.cookie
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Browsing":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()
        self._connection.close()
        if self._failure:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._stop.wait(_READS_IT):
                self._open()
        except BaseException as failure:
            self._failure = failure

    def _open(self) -> None:
        since = time.monotonic()
        self._connection.request("GET", self._path, headers=self._headers)
        answer = self._connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        self.spent.append(time.monotonic() - since)
