"""A proxy in front of an S3 server, or of Azure's, that fails in the ways networks and stores do."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


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
class Answer:
    """The store answers this error, and does nothing."""

    status: int
    code: str


Fault = LostAnswer | CutBody | FlippedBody | Answer


@dataclass
class FaultyS3:
    """The proxy: ``faults`` are used up one by one by requests whose method (and query) match."""

    url: str = ""
    method: str = "PUT"
    query: str = ""
    faults: list[Fault] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, method: str, *faults: Fault, query: str = "") -> None:
        with self.lock:
            self.method, self.query, self.faults, self.seen = method, query, list(faults), []

    def next_fault(self, method: str, path: str) -> Fault | None:
        with self.lock:
            self.seen.append(f"{method} {path}")
            if method == self.method and self.query in path and self.faults:
                return self.faults.pop(0)
            return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: FaultyS3
    upstream: str

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.proxy.next_fault(self.command, self.path)
        if isinstance(fault, Answer):
            text = f"<Error><Code>{fault.code}</Code><Message>{fault.code}</Message></Error>".encode()
            told = {"Content-Type": "application/xml", "x-ms-error-code": fault.code}
            self.answer(fault.status, told, text, len(text))
            return
        connection = http.client.HTTPConnection(self.upstream)
        connection.request(self.command, self.path, body, dict(self.headers))
        response = connection.getresponse()
        content = response.read()
        connection.close()
        if isinstance(fault, LostAnswer):
            self.hang_up()
            return
        length = int(response.headers.get("Content-Length") or len(content))
        sent = content[: len(content) // 2] if isinstance(fault, CutBody) else content
        if isinstance(fault, FlippedBody):
            sent = bytes([content[0] ^ 1]) + content[1:]
        self.answer(response.status, dict(response.headers), sent, length)
        if isinstance(fault, CutBody):
            self.hang_up()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any  # noqa: N815

    def answer(self, status: int, headers: dict[str, str], content: bytes, length: int) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        return None


@contextmanager
def faulty_s3(upstream: str) -> Iterator[FaultyS3]:
    """The proxy, as long as the block lasts."""
    proxy = FaultyS3()
    handler = type("BoundHandler", (Handler,), {"proxy": proxy, "upstream": urlsplit(upstream).netloc})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
