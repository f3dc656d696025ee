"""Every fault that the storm counts is one: the server is asked, or the client answered, otherwise than without it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from tests.crash.storm import CALLS, IN_PARTS, KINDS, Storm, call_of, storm_before
from tests.loopback import serving

BODY = b"0123456789" * 20
LINES = {
    "create": "PUT /b/k",
    "put": "PUT /b/k",
    "get": "GET /b/k",
    "stat": "HEAD /b/k",
    "list": "GET /b?list-type=2",
    "delete": "DELETE /b/k",
    "begin": "POST /b/k?uploads",
    "part": "PUT /b/k?partNumber=1&uploadId=u",
    "complete": "POST /b/k?uploadId=u",
}
UPLOADS = ("create", "put", "part", "complete")


@contextmanager
def listener() -> Iterator[tuple[str, list[tuple[str, int, bytes]]]]:
    """A server that writes down what it gets: the request's line, the length that its head promises, its body."""
    heard: list[tuple[str, int, bytes]] = []

    class Listener(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def listen(self) -> None:
            promised = int(self.headers.get("Content-Length") or 0)
            heard.append((self.requestline, promised, self.rfile.read(promised)))
            content = b"" if self.command in ("HEAD", "DELETE", "PUT") else b"an answer"
            self.send_response_only(200)
            self.send_header("ETag", '"e"')
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = listen  # noqa: N815

        def log_message(self, *_: object) -> None:
            return None

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Listener)) as url:
        yield url, heard


def request(url: str, call: str) -> bytes:
    """Sends the request of a store call; gives all that comes back until the connection is closed."""
    method, path = LINES[call].split(" ")
    condition = "If-None-Match: *\r\n" if call == "create" else ""
    body = BODY if call in UPLOADS else b""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: s3\r\n{condition}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    host, port = urlsplit(url).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode() + body)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
        return b"".join(parts)


@pytest.fixture(scope="module")
def weather() -> Iterator[tuple[Storm, list[tuple[str, int, bytes]]]]:
    with listener() as (url, heard), storm_before(url) as storm:
        storm.stall_seconds = 0.02
        yield storm, heard


Weather = tuple[Storm, list[tuple[str, int, bytes]]]


def seen(weather: Weather, kind: str, call: str) -> tuple[list[tuple[str, int, bytes]], bytes]:
    """What the server heard and what the client read, under one kind of fault at each request."""
    storm, heard = weather
    heard.clear()
    storm.arm(kind, call, probability=1.0)
    answer = request(storm.url, call)
    return list(heard), answer


@pytest.mark.parametrize("call", [*CALLS, *IN_PARTS])
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_that_is_counted_is_met_by_the_server_or_the_client(weather: Weather, kind: str, call: str) -> None:
    method, path = LINES[call].split(" ")
    assert call_of(method, path, {"If-None-Match": "*"} if call == "create" else {}) == call
    calm = seen(weather, "", call)
    assert calm == seen(weather, "", call), "without a fault all is as before"
    before = weather[0].injected[kind, call]
    assert seen(weather, kind, call) != calm
    assert weather[0].injected[kind, call] == before + 1


@pytest.mark.parametrize("call", UPLOADS)
def test_of_an_upload_that_is_cut_the_server_gets_half(weather: Weather, call: str) -> None:
    [(_, promised, got)], answer = seen(weather, "truncate", call)
    assert promised == len(BODY)
    assert got == BODY[: len(BODY) // 2]
    assert answer == b""
