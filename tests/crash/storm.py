"""A proxy before an S3 server that fails at random, in one way on one store call at a time, and counts what it did.

Every fault is one that the server or the client meets: where there is no body to flip or to cut, the head of the
answer is; of an upload that is cut the server gets its head, which promises all of it, and half of its body. Like S3
the proxy refuses a body that is not the one that was signed.
"""

from __future__ import annotations

import hashlib
import http.client
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus

from tests.proxy import PER_CONNECTION, ProxyHandler, listening

ANSWERS = {"500": (500, "InternalError"), "503": (503, "SlowDown"), "403": (403, "AccessDenied")}
KINDS = ("drop before", "drop after", "duplicate", "truncate", "flip", *ANSWERS, "stall")
CALLS = ("create", "put", "get", "stat", "list", "delete")
IN_PARTS = ("begin", "part", "complete")
"""The requests that a put of a large file is made of."""


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
        calls = [call for call in (*CALLS, *IN_PARTS) if any(self.injected[kind, call] for kind in KINDS)]
        rows = {kind: [self.injected[kind, call] for call in calls] for kind in KINDS}
        lines = ["".join(f"{word:>13}" for word in ("", *calls))]
        lines += [f"{kind:>13}" + "".join(f"{n:>13}" for n in counts) for kind, counts in rows.items() if any(counts)]
        return "\n".join([*lines, f"{self.injected.total()} faults"])


def call_of(method: str, path: str, headers: Mapping[str, str]) -> str:
    """The store call, or the request of an upload in parts, that a request belongs to."""
    if method == "PUT" and "partNumber=" in path:
        return "part"
    if method == "PUT":
        return "create" if "if-none-match" in {name.lower() for name in headers} else "put"
    if method == "GET":
        return "list" if "list-type" in path else "get"
    if method == "POST":
        return "complete" if "uploadId=" in path else "begin"
    return {"HEAD": "stat", "DELETE": "abort" if "uploadId=" in path else "delete"}.get(method, "other")


def flipped(content: bytes, chance: random.Random) -> bytes:
    """The content, which is not empty, with one bit of one byte changed."""
    at = chance.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]


class Handler(ProxyHandler):
    storm: Storm

    def meet(self, body: bytes) -> None:
        kind = self.storm.fault(call_of(self.command, self.path, dict(self.headers)))
        if kind in ANSWERS:
            self.refuse(*ANSWERS[kind])
        elif kind in ("drop before", "stall"):
            time.sleep(self.storm.stall_seconds if kind == "stall" else 0)
            self.hang_up()
        elif kind == "truncate" and body:
            self.forward_half(body)
            self.hang_up()
        elif kind == "flip" and body:
            self.forward_flipped(body)
        else:
            answer = self.forwarded(body)
            if kind == "duplicate":
                answer = self.forwarded(body)
            self.give(kind, *answer)

    def forward_half(self, body: bytes) -> None:
        """Sends the whole head and half of the body, and closes the sending side, as a client does that goes away."""
        connection = http.client.HTTPConnection(self.upstream)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body[: len(body) // 2])
        connection.sock.shutdown(socket.SHUT_WR)
        with suppress(OSError, http.client.HTTPException):
            connection.getresponse().read()  # so that the server is done with it
        connection.close()

    def forward_flipped(self, body: bytes) -> None:
        if self.headers.get("x-amz-content-sha256") == hashlib.sha256(body).hexdigest():
            self.refuse(400, "XAmzContentSHA256Mismatch")
            return
        self.give("", *self.forwarded(flipped(body, self.storm.chance)))

    def give(self, kind: str, status: int, headers: Mapping[str, str], content: bytes) -> None:
        """Answers the client, with a fault of the answer where ``kind`` is one."""
        length = int(headers.get("Content-Length") or len(content))
        if kind == "drop after":
            self.hang_up()
        elif kind == "truncate":
            head = self.head(status, headers, length)
            self.wfile.write(head + content[: len(content) // 2] if content else head[: len(head) // 2])
            self.hang_up()
        elif kind == "flip" and not content:
            self.wfile.write(flipped(self.head(status, headers, length), self.storm.chance))
            self.hang_up()
        else:
            self.answer(status, headers, flipped(content, self.storm.chance) if kind == "flip" else content, length)

    def head(self, status: int, headers: Mapping[str, str], length: int) -> bytes:
        """The bytes before an answer's content."""
        passed = {name: value for name, value in headers.items() if name.lower() not in PER_CONNECTION}
        lines = [f"{name}: {value}" for name, value in {**passed, "Content-Length": length}.items()]
        return "\r\n".join([f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *lines, "", ""]).encode("latin-1")


@contextmanager
def storm_before(upstream: str) -> Iterator[Storm]:
    """The proxy, as long as the block lasts."""
    storm = Storm()
    with listening(Handler, upstream, storm=storm) as url:
        storm.url = url
        yield storm
