"""An S3 server on loopback for tests: moto, whose conditional writes are made atomic here.

moto looks whether a key exists and writes it in two moments, so that now and then two writers both win; a real store
does not let them.
"""

from __future__ import annotations

import logging
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from ml8s.storage.probe import KEYS, RESULT, VERSION
from ml8s.storage.store import Store
from tests.loopback import serving

ACCESS = {
    "AWS_ACCESS_KEY_ID": "test-key",
    "AWS_SECRET_ACCESS_KEY": "test-secret",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}


Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class QuietHandler(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        return None


@contextmanager
def s3_server(*, races: bool = False, ignores: bool = False) -> Iterator[str]:
    """The server's URL, as long as the block lasts.

    ``races`` makes it look first and write later, ``ignores`` makes it write without a look at the condition.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = DomainDispatcherApplication(create_backend_app)
    application = Racing(moto) if races else Ignoring(moto) if ignores else Atomic(moto)
    with serving(make_server("127.0.0.1", 0, application, threaded=True, request_handler=QuietHandler)) as url:
        yield url


class Atomic:
    """moto with a lock around conditional writes."""

    def __init__(self, moto: Application) -> None:
        self.moto = moto
        self.lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "HTTP_IF_NONE_MATCH" in environ:
            with self.lock:
                return list(self.moto(environ, start_response))
        return self.moto(environ, start_response)


class Ignoring:
    """moto that never hears of the condition, as old servers did not."""

    def __init__(self, moto: Application) -> None:
        self.moto = moto

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ.pop("HTTP_IF_NONE_MATCH", None)
        return self.moto(environ, start_response)


class Racing:
    """moto behind a check of the condition that is no part of the write."""

    def __init__(self, moto: Application) -> None:
        self.moto = moto
        self.written: set[str] = set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.pop("HTTP_IF_NONE_MATCH", None) is not None:
            if environ["PATH_INFO"] in self.written:
                start_response("412 Precondition Failed", [("Content-Type", "application/xml")])
                return [b"<Error><Code>PreconditionFailed</Code></Error>"]
            time.sleep(0.002)
            self.written.add(environ["PATH_INFO"])
        return self.moto(environ, start_response)


def s3_environment(endpoint: str) -> dict[str, str]:
    """The AWS variables with which a process reaches the server."""
    return {**ACCESS, "AWS_ENDPOINT_URL": endpoint}


def make_bucket(endpoint: str, name: str) -> None:
    """Makes a bucket; moto asks nobody for a signature."""
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{name}", method="PUT")).close()


def s3_client(endpoint: str) -> Any:
    """A boto3 client, to look at the server from outside of ML8s."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test-key",
        aws_secret_access_key="test-secret",
    )


def mark_probed(store: Store) -> None:
    """Writes what a successful probe leaves, for tests that are about something else: 3,200 writes are saved."""
    store.put(RESULT, f'{{"endpoint":"{store.endpoint}","keys":{KEYS},"version":{VERSION}}}'.encode())
