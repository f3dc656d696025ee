"""A proxy before an S3 server that fails at random, in one way on one store call at a time, and counts what it did.

Like S3 it refuses a body that is not the one that was signed.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.proxy import ProxyHandler, listening

ANSWERS = {"500": (500, "InternalError"), "503": (503, "SlowDown"), "403": (403, "AccessDenied")}
KINDS = ("drop before", "drop after", "duplicate", "truncate", "flip", *ANSWERS, "stall")
CALLS = ("create", "put", "get", "stat", "list", "delete")


@dataclass
class Storm:
    """What the proxy does: with this probability this kind of fault, to requests of these store calls.

    Attributes:
        url: where it listens.
        kind: the kind of fault; empty for none.
        calls: the store calls that it meets.
        probability: of a fault, per request.
        stall_seconds: how long a stalled request gets no answer.
        injected: faults by (kind, store call).
    """

    url: str = ""
    kind: str = ""
    calls: tuple[str, ...] = CALLS
    probability: float = 0.3
    stall_seconds: float = 1.0
    injected: Counter[tuple[str, str]] = field(default_factory=Counter)
    chance: random.Random = field(default_factory=lambda: random.Random(5))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, kind: str, *calls: str, probability: float = 0.3) -> None:
        with self.lock:
            self.kind, self.calls, self.probability = kind, calls or CALLS, probability

    def fault(self, call: str) -> str:
        with self.lock:
            if not self.kind or call not in self.calls or self.chance.random() >= self.probability:
                return ""
            self.injected[self.kind, call] += 1
            return self.kind

    def table(self) -> str:
        """The faults injected so far, kinds in rows and store calls in columns."""
        lines = ["".join(f"{word:>13}" for word in ("", *CALLS))]
        for kind in KINDS:
            if not any(self.injected[kind, call] for call in CALLS):
                continue
            lines.append(f"{kind:>13}" + "".join(f"{self.injected[kind, call]:>13}" for call in CALLS))
        return "\n".join([*lines, f"{self.injected.total()} faults"])


def call_of(method: str, path: str, headers: Mapping[str, str]) -> str:
    """The store call that a request belongs to."""
    if method == "PUT":
        return "create" if "if-none-match" in {name.lower() for name in headers} else "put"
    if method == "GET":
        return "list" if "list-type" in path else "get"
    return {"HEAD": "stat", "DELETE": "delete"}.get(method, "other")


def flipped(content: bytes, chance: random.Random) -> bytes:
    """The content with one bit of one byte changed."""
    if not content:
        return content
    at = chance.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]


class Handler(ProxyHandler):
    storm: Storm

    def meet(self, body: bytes) -> None:
        kind = self.storm.fault(call_of(self.command, self.path, dict(self.headers)))
        if kind in ANSWERS:
            self.refuse(*ANSWERS[kind])
            return
        if kind == "stall":
            time.sleep(self.storm.stall_seconds)
        if kind in ("drop before", "stall"):
            self.hang_up()
            return
        if kind == "truncate" and body:
            self.hang_up()  # half of a body is no request: a server drops it with the connection
            return
        sent = flipped(body, self.storm.chance) if kind == "flip" else body
        if sent != body and self.headers.get("x-amz-content-sha256") == hashlib.sha256(body).hexdigest():
            self.refuse(400, "XAmzContentSHA256Mismatch")
            return
        status, headers, content = self.forwarded(sent)
        if kind == "duplicate":
            status, headers, content = self.forwarded(sent)
        if kind == "drop after" or (kind == "truncate" and not content):
            self.hang_up()
            return
        length = int(headers.get("Content-Length") or len(content))
        changed = {"truncate": content[: len(content) // 2], "flip": flipped(content, self.storm.chance)}
        self.answer(status, headers, changed.get(kind, content), length)
        if kind == "truncate":
            self.hang_up()


@contextmanager
def storm_before(upstream: str) -> Iterator[Storm]:
    """The proxy, as long as the block lasts."""
    storm = Storm()
    with listening(Handler, upstream, storm=storm) as url:
        storm.url = url
        yield storm
