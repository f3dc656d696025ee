"""The object stores that one suite of faults is asked of, and what each of them calls its answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ml8s.errors import (
    AccessDenied,
    BucketMissing,
    InvalidStoreUri,
    StoreError,
    StoreFull,
    StoreRefused,
    StoreUnreachable,
    WrongRegion,
)
from tests.azurite_server import PRESENT, azure_client, azure_environment
from tests.s3_server import s3_client, s3_environment
from tests.storage.faulty_proxy import Answer


@dataclass(frozen=True)
class Provider:
    """What differs between providers for a test.

    Attributes:
        scheme, bucket, endpoint: of its addresses; the fixtures that make a bucket and name the server.
        environment: the variables with which a process reaches a server.
        overwrite: puts content with other metadata at endpoint, bucket and name, without ML8s.
        busy, denied, clock, taken: its answers in these cases.
        garbled: its answers to a body that was changed on the way.
        large: bytes of a file that goes up in parts, with S3's smallest parts.
        one_part, last_part: what the addresses of requests hold that send a part of a large file and that join them.
        server: what a cure names where nothing answers.
        meanings: answers, and the error that each is.
    """

    scheme: str
    bucket: str
    endpoint: str
    environment: Callable[[str], dict[str, str]]
    overwrite: Callable[[str, str, str, bytes], None]
    busy: Answer
    denied: Answer
    clock: Answer
    taken: Answer
    garbled: tuple[Answer, ...]
    large: int
    one_part: str
    last_part: str
    server: str
    meanings: tuple[tuple[int, str, type[StoreError]], ...]


def _overwrite_s3(endpoint: str, bucket: str, name: str, content: bytes) -> None:
    s3_client(endpoint).put_object(Bucket=bucket, Key=name, Body=content, Metadata={"ml8s-sha256": "0" * 64})


def _overwrite_azure(endpoint: str, container: str, name: str, content: bytes) -> None:
    with azure_client(endpoint) as client:
        blob = client.get_blob_client(container, name)
        blob.upload_blob(content, overwrite=True, metadata={"ml8s_sha256": "0" * 64})


S3 = Provider(
    scheme="s3",
    bucket="bucket",
    endpoint="s3_endpoint",
    environment=s3_environment,
    overwrite=_overwrite_s3,
    busy=Answer(503, "SlowDown"),
    denied=Answer(403, "AccessDenied"),
    clock=Answer(403, "RequestTimeTooSkewed"),
    taken=Answer(412, "PreconditionFailed"),
    garbled=(Answer(400, "XAmzContentSHA256Mismatch"), Answer(400, "BadDigest"), Answer(400, "IncompleteBody")),
    large=12 << 20,
    one_part="partNumber=2",
    last_part="uploadId=",
    server="AWS_ENDPOINT_URL",
    meanings=(
        (403, "AccessDenied", AccessDenied),
        (403, "InvalidAccessKeyId", AccessDenied),
        (403, "SignatureDoesNotMatch", AccessDenied),
        (400, "ExpiredToken", AccessDenied),
        (403, "RequestTimeTooSkewed", AccessDenied),
        (404, "NoSuchBucket", BucketMissing),
        (301, "PermanentRedirect", WrongRegion),
        (400, "IllegalLocationConstraintException", WrongRegion),
        (400, "AuthorizationHeaderMalformed", WrongRegion),
        (507, "XMinioStorageFull", StoreFull),
        (403, "QuotaExceeded", StoreFull),
        (501, "NotImplemented", StoreRefused),
        (400, "KeyTooLongError", InvalidStoreUri),
        (418, "SomethingNobodyKnows", StoreUnreachable),
        (503, "SlowDown", StoreUnreachable),
    ),
)
AZURE = Provider(
    scheme="abfs",
    bucket="container",
    endpoint="azure_endpoint",
    environment=azure_environment,
    overwrite=_overwrite_azure,
    busy=Answer(503, "ServerBusy"),
    denied=Answer(403, "AuthorizationFailure"),
    clock=Answer(403, "AuthenticationFailed", "The Date header in the request is incorrect."),
    taken=Answer(409, "BlobAlreadyExists"),
    garbled=(Answer(400, "Md5Mismatch"), Answer(400, "IncompleteBody")),
    large=70 << 20,
    one_part="comp=block&",
    last_part="comp=blocklist",
    server="the account's name",
    meanings=(
        (403, "AuthorizationFailure", AccessDenied),
        (403, "AuthorizationPermissionMismatch", AccessDenied),
        (403, "AuthenticationFailed", AccessDenied),
        (401, "NoAuthenticationInformation", AccessDenied),
        (404, "ContainerNotFound", BucketMissing),
        (400, "InvalidResourceName", InvalidStoreUri),
        (507, "InsufficientStorage", StoreFull),
        (418, "SomethingNobodyKnows", StoreUnreachable),
        (503, "ServerBusy", StoreUnreachable),
        (500, "OperationTimedOut", StoreUnreachable),
    ),
)
PROVIDERS = (S3, AZURE) if PRESENT else (S3,)
