"""What S3's answers mean: botocore's errors and codes -> the tree of ``ml8s.errors``.

s3fs turns botocore's errors into OSErrors that no longer tell one case from another (a failed precondition is a bare
EINVAL), so the botocore error is looked up in the chain of causes and judged by its code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from ml8s.errors import (
    AccessDenied,
    BucketMissing,
    InvalidStoreUri,
    NoCredentials,
    ObjectMissing,
    StoreError,
    StoreFull,
    StoreRefused,
    StoreUnreachable,
    WrongRegion,
)

LOST: Final = ("PreconditionFailed", "412")
CONFLICT: Final = ("ConditionalRequestConflict", "OperationAborted", "409")
GARBLED: Final = ("XAmzContentSHA256Mismatch", "BadDigest", "IncompleteBody")
MISSING: Final = ("NoSuchKey", "NotFound", "404")

_BROKEN_ANSWERS: Final = ("ClientPayloadError", "ResponseParserError", "ResponseStreamingError")
_CREDENTIALS: Final = ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound")
_CODES: Final[dict[str, tuple[type[StoreError], str, str]]] = {}


def _say(codes: tuple[str, ...], error: type[StoreError], message: str, cure: str) -> None:
    _CODES.update(dict.fromkeys(codes, (error, message, cure)))


_say(
    ("NoSuchBucket",),
    BucketMissing,
    "the bucket of {where} does not exist",
    "make the bucket, or mend the address or AWS_ENDPOINT_URL",
)
_say(
    ("InvalidBucketName", "KeyTooLongError"),
    InvalidStoreUri,
    "the store does not take the address {where}",
    "use another bucket or prefix",
)
_say(MISSING, ObjectMissing, "{where} does not exist", "check the store's address; a run makes its objects again")
_say(
    ("AccessDenied", "AllAccessDisabled", "AccountProblem", "Forbidden", "403", "401", "MethodNotAllowed", "405"),
    AccessDenied,
    "the store refuses access to {where}",
    "ask for s3:ListBucket on the bucket and s3:GetObject, s3:PutObject and s3:DeleteObject on its objects",
)
_say(
    ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "TokenRefreshRequired",
     "InvalidClientTokenId", "ExpiredTokenException", "AuthFailure", "InvalidSecurity"),
    AccessDenied,
    "the store does not accept the credentials for {where} ({code})",
    "renew AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the AWS_PROFILE",
)  # fmt: skip
_say(
    ("RequestTimeTooSkewed", "RequestExpired"),
    AccessDenied,
    "the store refuses {where}: this machine's clock differs too much from its own",
    "set this machine's clock (NTP) and run again",
)
_say(
    ("PermanentRedirect", "TemporaryRedirect", "Redirect", "301", "307", "IllegalLocationConstraintException",
     "AuthorizationHeaderMalformed"),
    WrongRegion,
    "the bucket of {where} is in another region than the one asked",
    "set AWS_REGION to the bucket's region",
)  # fmt: skip
_say(
    ("QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded",
     "StorageLimitExceeded", "507", "EntityTooLarge"),
    StoreFull,
    "the store has no space or quota left for {where} ({code})",
    "make room or raise the quota, and run again",
)  # fmt: skip
_say(
    ("NotImplemented", "501"),
    StoreRefused,
    "the store cannot do what was asked of {where} (not implemented)",
    "use a store that keeps `If-None-Match: *`: AWS S3, MinIO, Ceph, a folder",
)


def code_of(error: BaseException) -> str:
    """S3's error code (or the HTTP status as text) of an error or of its causes; empty where S3 gave no answer."""
    for cause in _causes(error):
        response = getattr(cause, "response", None)
        if isinstance(response, dict) and "Error" in response:
            return str(response["Error"].get("Code") or _status(response) or "unknown")
    return ""


def garbled(error: BaseException) -> bool:
    """Whether a request or its answer was cut or changed on the way, which botocore does not try again."""
    if code_of(error) in GARBLED:
        return True
    names = {kind.__name__ for cause in _causes(error) for kind in type(cause).__mro__}
    return bool(names.intersection(_BROKEN_ANSWERS))


def store_error(error: BaseException, where: str) -> StoreError | None:
    """Our error for one that s3fs, botocore or the network raised; None where it is none of theirs, so a bug."""
    code = code_of(error)
    if code:
        return _from_answer(error, code, where)
    if isinstance(error, RecursionError):  # the client follows every redirect of a bucket, whoever answers it
        return WrongRegion(
            f"the bucket of {where} is in another region than the one asked: redirected without end",
            where=where,
            cure="set AWS_REGION to the bucket's region, or mend AWS_ENDPOINT_URL",
        )
    for cause in _causes(error):
        names = {kind.__name__ for kind in type(cause).__mro__}
        if names.intersection(_CREDENTIALS) or "TokenRetrievalError" in names:
            return NoCredentials(
                f"no credentials were found for {where}",
                where=where,
                cure="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
            )
        if "BotoCoreError" in names or "ClientError" in names or isinstance(cause, OSError | asyncio.TimeoutError):
            return _unreachable(where, _sentence(cause))
        if isinstance(cause, ValueError) and "endpoint" in str(cause).lower():
            return InvalidStoreUri(
                f"the endpoint for {where} is none: {cause}", where=where, cure="mend AWS_ENDPOINT_URL"
            )
    return None


def _from_answer(error: BaseException, code: str, where: str) -> StoreError:
    if code in _CODES:
        kind, message, cure = _CODES[code]
        return kind(message.format(where=where, code=code), where=where, cure=cure)
    return _unreachable(where, f"it answers {code}, {_sentence(error)}")


def _unreachable(where: str, why: str) -> StoreUnreachable:
    return StoreUnreachable(
        f"the store does not serve {where}: {why}",
        where=where,
        cure="check the network, AWS_ENDPOINT_URL and the store itself, and run again",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__


def _status(response: dict[str, dict[str, object]]) -> str:
    return str(response.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))


def _sentence(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:300]
