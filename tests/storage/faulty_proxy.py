"""A proxy in front of an object store that fails in the ways networks and stores do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.proxy import ProxyHandler, listening


@dataclass(frozen=True)
class LostAnswer:
    """The request is carried out, and the connection breaks before the answer arrives."""


@dataclass(frozen=True)
class CutBody:
    """Half of the answer's body arrives, then the connection breaks."""


@dataclass(frozen=True)
class FlippedBody:
    """One byte of the answer's body is another."""


@dataclass(frozen=True)
class OtherHeader:
    """A header of the answer has another value, or with None is lacking."""

    name: str
    value: str | None


@dataclass(frozen=True)
class Answer:
    """The store answers this error, and does nothing."""

    status: int
    code: str
    message: str = ""


ANY = ""
"""Every method: the faults meet the next requests, whatever they are."""

Fault = LostAnswer | CutBody | FlippedBody | OtherHeader | Answer


@dataclass
class FaultyProxy:
    """The proxy: ``faults`` are used up one by one by requests whose method (and query) match."""

    url: str = ""
    method: str = "PUT"
    query: str = ""
    faults: list[Fault] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, method: str, *faults: Fault, query: str = "") -> None:
        with self.lock:
            self.method, self.query, self.faults, self.seen = method, query, list(faults), []

    def next_fault(self, method: str, path: str) -> Fault | None:
        with self.lock:
            self.seen.append(f"{method} {path}")
            if self.method in (method, ANY) and self.query in path and self.faults:
                return self.faults.pop(0)
            return None


class Handler(ProxyHandler):
    proxy: FaultyProxy

    def meet(self, body: bytes) -> None:
        self.proxy.headers.append({name.lower(): value for name, value in self.headers.items()})
        fault = self.proxy.next_fault(self.command, self.path)
        if isinstance(fault, Answer):
            self.refuse(fault.status, fault.code, fault.message)
            return
        status, headers, content = self.forwarded(body)
        if isinstance(fault, LostAnswer):
            self.hang_up()
            return
        if isinstance(fault, OtherHeader):
            headers = {name: value for name, value in headers.items() if name.lower() != fault.name.lower()}
            headers |= {fault.name: fault.value} if fault.value is not None else {}
        length = int(headers.get("Content-Length") or len(content))
        sent = content[: len(content) // 2] if isinstance(fault, CutBody) else content
        if isinstance(fault, FlippedBody):
            sent = bytes([content[0] ^ 1]) + content[1:]
        self.answer(status, headers, sent, length)
        if isinstance(fault, CutBody):
            self.hang_up()


@contextmanager
def faulty_proxy(upstream: str) -> Iterator[FaultyProxy]:
    """The proxy, as long as the block lasts."""
    proxy = FaultyProxy()
    with listening(Handler, upstream, proxy=proxy) as url:
        proxy.url = url
        yield proxy
