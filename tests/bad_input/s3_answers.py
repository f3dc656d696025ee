"""Stores in a bucket that refuse, are missing, do not answer, or do not keep what ML8s needs of them."""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from werkzeug.serving import make_server

from tests.bad_input.case import Case
from tests.bad_input.snapshots import configured, write_snapshot
from tests.loopback import serving
from tests.s3_server import QuietHandler

LIST: Final = "models list --store s3://bucket/store"
CHECK: Final = "data check s3://bucket/data"
UNREACHABLE, REFUSED, DENIED, NO_KEYS, NO_BUCKET, REGION, FULL = (f"ML8S-T00{n}" for n in range(1, 8))


@dataclass(frozen=True)
class Answered(Case):
    """A case whose store answers every request with this status and error code."""

    answer: tuple[int, str] = (0, "")


def answered(name: str, http: int, s3: str, code: str, status: int, *says: str, arguments: str = LIST) -> Answered:
    return Answered(name, arguments, code, says, "s3://bucket", status, answer=(http, s3))


@contextmanager
def answering(http: int, code: str) -> Iterator[str]:
    """The URL of a server that answers everything with one error, as S3 words it."""

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()
        start_response(f"{http} Error", [("Content-Type", "application/xml")])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    with serving(make_server("127.0.0.1", 0, application, threaded=True, request_handler=QuietHandler)) as url:
        yield url


ANSWERS: Final = [
    answered("access denied", 403, "AccessDenied", DENIED, 4, "refuses access", "s3:ListBucket"),
    answered("access denied to look", 403, "AccessDenied", DENIED, 4, "refuses access", arguments=CHECK),
    answered("access denied to a config", 403, "AccessDenied", DENIED, 4, "refuses access", arguments="validate s3://bucket/x/config.yaml"),
    answered("an unknown key id", 403, "InvalidAccessKeyId", DENIED, 4, "does not accept the credentials", "AWS_ACCESS_KEY_ID"),
    answered("a wrong signature", 403, "SignatureDoesNotMatch", DENIED, 4, "does not accept the credentials"),
    answered("a token that expired", 400, "ExpiredToken", DENIED, 4, "does not accept the credentials", "AWS_SESSION_TOKEN"),
    answered("a clock that is wrong", 403, "RequestTimeTooSkewed", DENIED, 4, "this machine's clock", "NTP"),
    answered("no such bucket", 404, "NoSuchBucket", NO_BUCKET, 3, "the bucket of s3://bucket/store does not exist", "make the bucket"),
    answered("no such bucket, asked by HEAD", 404, "NoSuchBucket", NO_BUCKET, 3, "does not exist", arguments=CHECK),
    answered("redirects without end", 301, "PermanentRedirect", REGION, 3, "another region", "redirected without end", "AWS_REGION"),
    answered("another region by its signature", 400, "AuthorizationHeaderMalformed", REGION, 3, "another region"),
    answered("no quota", 507, "InsufficientStorage", FULL, 3, "no space or quota left"),
    answered("not implemented", 501, "NotImplemented", REFUSED, 3, "cannot do what was asked", "MinIO"),
    answered("an internal error", 500, "InternalError", UNREACHABLE, 3, "does not serve", "run again"),
    answered("too many requests", 503, "SlowDown", UNREACHABLE, 3, "does not serve"),
    answered("a code that nobody knows", 418, "Teapot", UNREACHABLE, 3, "Teapot"),
    answered("a bad gateway", 502, "BadGateway", UNREACHABLE, 3, "does not serve"),
]

PLACES: Final = [
    Case("nothing listens", LIST, UNREACHABLE, ("does not serve", "AWS_ENDPOINT_URL"), "s3://bucket", 3, environment={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}),
    Case("no such host", LIST, UNREACHABLE, ("does not serve",), "s3://bucket", 3, environment={"AWS_ENDPOINT_URL": "http://no-such-host.invalid"}),
    Case("an endpoint that is none", LIST, "ML8S-T009", ("the endpoint", "AWS_ENDPOINT_URL"), "s3://bucket", environment={"AWS_ENDPOINT_URL": "not a url"}),
    Case("no credentials", LIST, NO_KEYS, ("no credentials were found", "AWS_ACCESS_KEY_ID"), "s3://bucket", 4, environment={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}),
    Case("half of the credentials", LIST, NO_KEYS, ("no credentials were found",), "s3://bucket", 4, environment={"AWS_SECRET_ACCESS_KEY": ""}),
    Case("a profile that is not there", LIST, NO_KEYS, ("AWS_PROFILE",), "s3://bucket", 4, environment={"AWS_PROFILE": "nobody"}),
    Case("an empty bucket as a snapshot", CHECK, "ML8S-D001", ("nothing lies there",), "s3://bucket/data"),
    Case("a bucket that is not there", "data check s3://elsewhere/data", NO_BUCKET, ("does not exist",), "s3://elsewhere", 3),
    Case("a config that is not there", "validate s3://bucket/x/config.yaml", "ML8S-C001", ("there is no config",), "s3://bucket/x/config.yaml"),
    Case("a run from an empty bucket", "run config.yaml", "ML8S-D001", ("nothing lies there",), "s3://bucket/data", make=configured(dataset_uri="s3://bucket/data")),
]


AZURE: Final = "models list --store abfs://container/x"
NO_AZURE: Final = dict.fromkeys(("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY"), "")
NOWHERE: Final = "DefaultEndpointsProtocol=http;AccountName=me;AccountKey=s3cr3tkey1234567;BlobEndpoint=http://127.0.0.1:9/me"

ON_AZURE: Final = [
    Case("Azure without an account", AZURE, NO_KEYS, ("names no storage account", "AZURE_STORAGE_CONNECTION_STRING"), "abfs://container/x", 4, environment=NO_AZURE),
    Case("a connection string that is none", AZURE, NO_KEYS, ("not well-formed", "AZURE_STORAGE_CONNECTION_STRING"), "abfs://container/x", 4, environment={"AZURE_STORAGE_CONNECTION_STRING": "mine"}),
    Case("an Azure where nothing listens", AZURE, UNREACHABLE, ("does not serve",), "abfs://container/x", 3, environment={"AZURE_STORAGE_CONNECTION_STRING": NOWHERE}),
    Case("credentials of another account", "models list --store abfs://container@other.dfs.core.windows.net/x", "ML8S-T009", ("in the account other", "unset AZURE_STORAGE_CONNECTION_STRING"), environment={"AZURE_STORAGE_CONNECTION_STRING": NOWHERE}),
]

RACING: Final = Case("a store that races", "run config.yaml --store s3://racing/store", REFUSED, ("create-if-absent",), "s3://racing", 3, make=write_snapshot)
IGNORING: Final = Case("a store that ignores the condition", "run config.yaml --store s3://ignoring/store", REFUSED, ("creates one key twice", "create-if-absent"), "s3://ignoring", 3, make=write_snapshot)

CASES: Final = [*ANSWERS, *PLACES, *ON_AZURE, RACING, IGNORING]
