"""Buckets of S3: AWS, MinIO and others that keep ``If-None-Match: *``, by s3fs.

Endpoint, region and credentials come from the usual ``AWS_*`` variables and files, or from those of a purpose.
botocore retries what is temporary (throttling, 5xx, broken connections) with growing pauses; what it does not, such as
what was garbled on the way, is in the dialect's ``passing``. s3fs's own retries on top are off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from ml8s.storage.answers import Case, Dialect, Garbled, Met, told
from ml8s.storage.identities import Purpose, own_settings
from ml8s.storage.objects import (
    ATTEMPTS,
    CONNECT_SECONDS,
    READ_SECONDS,
    UPLOADS_AT_ONCE,
    Look,
    ObjectStore,
    Page,
    described,
)
from ml8s.storage.uri import BucketAddress

CONNECTIONS: Final = 32
CHUNK_BYTES: Final = 1 << 20
MULTIPART_ABOVE_BYTES: Final = 64 << 20
PART_BYTES: Final = 32 << 20


def s3_store(address: BucketAddress, purpose: Purpose = Purpose.STORE) -> ObjectStore:
    """The store below a prefix of an S3 bucket, with the identity of a purpose."""
    return ObjectStore(address, DIALECT, partial(S3Bucket, address.bucket, purpose))


class S3Bucket:
    """One bucket, by the client of s3fs."""

    def __init__(self, name: str, purpose: Purpose) -> None:
        import s3fs

        settings = own_settings(purpose)
        region = settings.pop("region_name", None)
        self._name = name
        self._seen = False
        self._filesystem = s3fs.S3FileSystem(
            anon=False,
            **settings,
            client_kwargs={"region_name": region} if region else {},
            skip_instance_cache=True,
            use_listings_cache=False,
            config_kwargs={
                "connect_timeout": CONNECT_SECONDS,
                "read_timeout": READ_SECONDS,
                "max_pool_connections": CONNECTIONS,
                "retries": {"mode": "standard", "total_max_attempts": ATTEMPTS},
                # Checksum trailers are unknown to older MinIO and others; every byte is checked by our digests.
                "request_checksum_calculation": "when_required",
                "response_checksum_validation": "when_required",
            },
        )
        self._filesystem.retries = 1

    @property
    def endpoint(self) -> str:
        """The URL that requests go to."""
        with _judged():
            self._filesystem.connect()
        return str(self._filesystem.s3.meta.endpoint_url)

    def read(self, name: str, take: Callable[[bytes], object]) -> Mapping[str, str]:
        """Hands one object's bytes on as they come and returns its metadata."""
        from fsspec.asyn import sync

        answer = self._call("get_object", Key=name)
        with _judged():
            body, metadata = answer["Body"], cast("Mapping[str, str]", answer.get("Metadata", {}))
        sync(self._filesystem.loop, _drain, body, take)
        return metadata

    def write(self, name: str, content: bytes | Path, metadata: Mapping[str, str], *, only_new: bool) -> None:
        """Writes one object with one request, or with one multipart upload above 64 MiB, aborted on an error."""
        more: dict[str, object] = {"IfNoneMatch": "*"} if only_new else {}
        more["Metadata"] = dict(metadata)
        if isinstance(content, Path) and content.stat().st_size > MULTIPART_ABOVE_BYTES:
            target = f"{self._name}/{name}"
            self._filesystem.put_file(
                str(content), target, chunksize=PART_BYTES, max_concurrency=UPLOADS_AT_ONCE, **more
            )
            return
        body = content.read_bytes() if isinstance(content, Path) else content
        self._call("put_object", Key=name, Body=body, **more)

    def look(self, name: str) -> Look:
        """One object without its content, and its metadata."""
        missing = None
        try:
            answer = self._call("head_object", Key=name)
        except Exception as error:
            if DIALECT.case_of(error) is not Case.MISSING:
                raise
            missing = error
        if missing is not None:  # no longer among the causes of what the next request fails with
            self._require_bucket()
            raise missing
        version = answer.get("VersionId")
        known = None if version == "null" else cast("str | None", version)
        with _judged():
            size, modified = cast(int, answer["ContentLength"]), cast(datetime, answer["LastModified"])
            found = described(name, size, modified, str(answer["ETag"]), known)
            return found, cast("Mapping[str, str]", answer["Metadata"])

    def page(self, prefix: str, after: str, size: int) -> Page:
        """The next objects, in S3's order: by the UTF-8 bytes of their names."""
        token = {"ContinuationToken": after} if after else {}
        page = self._call("list_objects_v2", Prefix=prefix, MaxKeys=size, **token)
        self._seen = True
        with _judged():
            items = cast("list[Mapping[str, Any]]", page.get("Contents", []))
            found = [described(item["Key"], item["Size"], item["LastModified"], item["ETag"]) for item in items]
            return found, str(page["NextContinuationToken"]) if page.get("IsTruncated") else ""

    def remove(self, name: str) -> None:
        """Removes one object, which may be missing."""
        self._call("delete_object", Key=name)

    def _require_bucket(self) -> None:
        """An answer without a body cannot tell a missing object from a missing bucket; asked once."""
        if self._seen:
            return
        try:
            self._call("head_bucket")
        except Exception as error:
            if DIALECT.case_of(error) is Case.MISSING:
                raise Met(Case.NO_BUCKET) from error
            return  # whoever may not ask for the bucket may still read and write objects
        self._seen = True

    def _call(self, method: str, **parameters: object) -> Mapping[str, object]:
        with _judged():
            return cast("Mapping[str, object]", self._filesystem.call_s3(method, Bucket=self._name, **parameters))


@contextmanager
def _judged() -> Iterator[None]:
    """Tells three cases in which the client, or who reads its answer, raises what Python has for anything."""
    try:
        yield
    except RecursionError as error:  # the client follows every redirect of a bucket, whoever answers it
        raise Met(Case.REGION, "redirected without end") from error
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        if "endpoint" in str(error).lower():  # the client is made with the first request
            raise Met(Case.ENDPOINT, str(error)) from error
        raise Garbled(f"{type(error).__name__}: {error}") from error


async def _drain(body: object, take: Callable[[bytes], object]) -> None:
    async with body as stream:  # type: ignore[attr-defined]
        while chunk := await stream.read(CHUNK_BYTES):
            take(chunk)


def _answered(error: BaseException) -> tuple[str, str] | None:
    """s3fs's OSErrors no longer tell one case from another (a failed precondition is a bare EINVAL); botocore's do."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict) or "Error" not in response:
        return None
    status = str(response.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))
    return str(response["Error"].get("Code") or status or "unknown"), status


DIALECT: Final = Dialect(
    words={
        "bucket": "bucket",
        "address": "the address or AWS_ENDPOINT_URL",
        "server": "AWS_ENDPOINT_URL",
        "permission": "s3:ListBucket on the bucket and s3:GetObject, s3:PutObject and s3:DeleteObject on its objects",
        "credentials": "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the AWS_PROFILE",
        "login": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    },
    answered=_answered,
    codes=told(
        {
            Case.TAKEN: "PreconditionFailed 412",
            Case.CONFLICT: "ConditionalRequestConflict OperationAborted 409",
            Case.MISSING: "NoSuchKey NotFound 404",
            Case.NO_BUCKET: "NoSuchBucket",
            Case.ADDRESS: "InvalidBucketName KeyTooLongError",
            Case.DENIED: "AccessDenied AllAccessDisabled AccountProblem Forbidden 403 401 MethodNotAllowed 405",
            Case.UNACCEPTED: "InvalidAccessKeyId SignatureDoesNotMatch InvalidToken ExpiredToken TokenRefreshRequired "
            "InvalidClientTokenId ExpiredTokenException AuthFailure InvalidSecurity",
            Case.CLOCK: "RequestTimeTooSkewed RequestExpired",
            Case.REGION: "PermanentRedirect TemporaryRedirect Redirect 301 307 IllegalLocationConstraintException "
            "AuthorizationHeaderMalformed",
            Case.FULL: "QuotaExceeded InsufficientStorage XMinioStorageFull XMinioAdminBucketQuotaExceeded "
            "StorageLimitExceeded 507 EntityTooLarge",
            Case.UNABLE: "NotImplemented 501",
        }
    ),
    classes=told(
        {
            Case.NO_CREDENTIALS: "NoCredentialsError PartialCredentialsError CredentialRetrievalError ProfileNotFound "
            "TokenRetrievalError",
            Case.UNREACHABLE: "BotoCoreError ClientError OSError",
        }
    ),
    passing=frozenset(
        {
            *("XAmzContentSHA256Mismatch", "BadDigest", "IncompleteBody", "Garbled"),
            *("ClientPayloadError", "ResponseParserError", "ResponseStreamingError", "AioReadTimeoutError"),
        }
    ),
)
