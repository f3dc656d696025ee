"""A proxy in front of an object store on loopback; what it does to a request is its subclass's business."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.loopback import serving

PER_CONNECTION = ("content-length", "connection", "transfer-encoding")
"""Headers of an answer that the proxy says itself."""


class ProxyHandler(BaseHTTPRequestHandler):
    """One request: ``meet`` gets its body, and forwards, refuses, answers or hangs up."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    upstream: str

    def meet(self, body: bytes) -> None:
        raise AssertionError("a proxy meets its requests in one way or another")

    def handle_any(self) -> None:
        self.meet(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any  # noqa: N815

    def forwarded(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.upstream)
        connection.request(self.command, self.path, body, dict(self.headers))
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, dict(response.headers), content

    def refuse(self, status: int, code: str, message: str = "") -> None:
        text = f"<Error><Code>{code}</Code><Message>{message or code}</Message></Error>".encode()
        told = {"Content-Type": "application/xml", "x-ms-error-code": code}  # Azure's clients read the header
        self.answer(status, told, text, len(text))

    def answer(self, status: int, headers: Mapping[str, str], content: bytes, length: int) -> None:
        """Sends an answer whose head says ``length``, which a cut body does not have."""
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in PER_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def hang_up(self) -> None:
        self.close_connection = True
        try:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # who stalled for long is hung up on first

    def log_message(self, *_: object) -> None:
        return None


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        return None  # a client that hung up is what these proxies are for


@contextmanager
def listening(handler: type[ProxyHandler], upstream: str, **bound: object) -> Iterator[str]:
    """The URL of a proxy before ``upstream`` as long as the block lasts; ``bound`` become attributes of its handler."""
    kind = type("BoundHandler", (handler,), {**bound, "upstream": urlsplit(upstream).netloc})
    with serving(Server(("127.0.0.1", 0), kind)) as url:
        yield url
