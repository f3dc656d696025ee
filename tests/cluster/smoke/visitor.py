"""A client that asks a Service again and again, and remembers every answer."""

import http.client
import threading
import time
from collections import Counter
from types import TracebackType

_INTERVAL_SECONDS = 0.1
_MOST_REQUESTS = 5_000


class Visitor:
    """Asks ten times a second, on a new connection each time, until it is told to leave."""

    def __init__(self, address: str) -> None:
        """Remember whom to ask."""
        self._address = address
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._visit, daemon=True)
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []

    def __enter__(self) -> "Visitor":
        """Begin to ask."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Stop asking."""
        self._leaving.set()
        self._thread.join()

    def _visit(self) -> None:
        for _ in range(_MOST_REQUESTS):
            if self._leaving.wait(_INTERVAL_SECONDS):
                return
            begun = time.monotonic()
            try:
                self.answers[ask(self._address)] += 1
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"after {time.monotonic() - begun:.2f} s: {error!r}")


def ask(address: str) -> str:
    """Send one request on a new connection and return the answer's body; raise when it fails."""
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        if answer.status != 200:
            raise http.client.HTTPException(f"status {answer.status}")
        return answer.read().decode()
    finally:
        connection.close()


def answers(address: str) -> bool:
    """Say whether a Service answers: its address works a moment after its first pod is ready."""
    try:
        ask(address)
    except (OSError, http.client.HTTPException):
        return False
    return True
