"""What Azure's answers mean: the client's errors and Azure's codes -> the tree of ``ml8s.errors``.

The client's classes do not tell one case from another (a missing container and a missing blob are one class), so an
answer is judged by the code that it carries, and by its HTTP status where it carries none.
"""

from __future__ import annotations

import asyncio
import os
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
    StoreUnreachable,
)
from ml8s.storage.uri import ContainerAddress

LOST: Final = ("BlobAlreadyExists", "ConditionNotMet", "TargetConditionNotMet", "409", "412")
TEMPORARY_STATUSES: Final = (408, 429, 500, 502, 503, 504)
GARBLED: Final = ("Md5Mismatch", "IncompleteBody", "ConditionNotMet")
"""Changed on the way, or replaced between two parts of a read; a lost create is settled before this is asked."""

ACCOUNT_VARIABLES: Final = ("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT_NAME")

_BROKEN: Final = (
    "ServiceRequestError", "ServiceResponseError", "IncompleteReadError", "ClientPayloadError", "DecodeError",
)  # fmt: skip
_CLOCK: Final = ("date header",)
_RENEW: Final = "renew AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN, or log in"
_CODES: Final[dict[str, tuple[type[StoreError], str, str]]] = {}


def _say(codes: tuple[str, ...], error: type[StoreError], message: str, cure: str) -> None:
    _CODES.update(dict.fromkeys(codes, (error, message, cure)))


_say(
    ("ContainerNotFound", "ContainerBeingDeleted", "ContainerDisabled"),
    BucketMissing,
    "the container of {where} does not exist",
    "make the container, or mend the address",
)
_say(
    ("BlobNotFound", "ResourceNotFound", "404"),
    ObjectMissing,
    "{where} does not exist",
    "check the store's address; a run makes its objects again",
)
_say(
    ("AuthorizationFailure", "AuthorizationPermissionMismatch", "AuthorizationProtocolMismatch",
     "AuthorizationResourceTypeMismatch", "AuthorizationServiceMismatch", "AuthorizationSourceIPMismatch",
     "InsufficientAccountPermissions", "PublicAccessNotPermitted", "BlobImmutableDueToPolicy", "LeaseIdMissing",
     "403"),
    AccessDenied,
    "the store refuses access to {where} ({code})",
    "ask for the role `Storage Blob Data Contributor` on the container",
)  # fmt: skip
_say(
    ("AuthenticationFailed", "InvalidAuthenticationInfo", "NoAuthenticationInformation", "AccountIsDisabled",
     "KeyBasedAuthenticationNotPermitted", "401"),
    AccessDenied,
    "the store does not accept the credentials for {where} ({code})",
    _RENEW,
)  # fmt: skip
_say(
    ("InvalidResourceName", "InvalidUri", "OutOfRangeInput"),
    InvalidStoreUri,
    "the store does not take the address {where}",
    "use another container or prefix",
)
_say(
    ("InsufficientStorage", "507", "RequestBodyTooLarge"),
    StoreFull,
    "the store has no space or quota left for {where} ({code})",
    "make room or raise the quota, and run again",
)


def code_of(error: BaseException) -> str:
    """Azure's error code (or the HTTP status as text) of an error or its causes; empty where Azure did not answer."""
    for cause in _causes(error):
        status = getattr(cause, "status_code", None)
        if status is not None:
            code = getattr(cause, "error_code", None)
            return str(getattr(code, "value", code) or status)
    return ""


def temporary(error: BaseException) -> bool:
    """Whether the same request may be answered a moment later."""
    for cause in _causes(error):
        status = getattr(cause, "status_code", None)
        if status is not None:
            return status in TEMPORARY_STATUSES or code_of(error) in GARBLED
    return _is_network(error)


def store_error(error: BaseException, where: str) -> StoreError | None:
    """Our error for one that the client or the network raised; None where it is none of theirs, so a bug."""
    if isinstance(error, StoreError):
        return error
    code = code_of(error)
    if code:
        return _from_answer(error, code, where)
    kinds = {kind.__name__ for cause in _causes(error) for kind in type(cause).__mro__}
    if "AzureSigningError" in kinds:
        return unusable_credentials(where)
    if kinds & {"ClientAuthenticationError", "CredentialUnavailableError"}:
        return NoCredentials(
            f"no credentials were found for {where}",
            where=where,
            cure="set AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN, or log in",
        )
    if _is_network(error) or "AzureError" in kinds:
        return _unreachable(where, _sentence(error))
    return None


def require_account(address: ContainerAddress) -> None:
    """Refuses an address that leaves the account to an environment that does not name one.

    Raises:
        NoCredentials: neither names an account.
    """
    if not address.account and not any(os.environ.get(name) for name in ACCOUNT_VARIABLES):
        raise NoCredentials(
            f"{address.uri} names no storage account, and the environment none either",
            where=address.uri,
            cure=f"write abfs://{address.container}@account.dfs.core.windows.net/…, or set {ACCOUNT_VARIABLES[0]}",
        )


def require_same_account(address: ContainerAddress, account: str) -> None:
    """Refuses credentials of another account than the address names: they would silently win.

    Raises:
        InvalidStoreUri: names both.
    """
    if address.account and account != address.account:
        raise InvalidStoreUri(
            f"{address.uri} is in the account {address.account}, and AZURE_STORAGE_CONNECTION_STRING in {account}",
            where=address.uri,
            cure="mend the address, or unset AZURE_STORAGE_CONNECTION_STRING",
        )


def unusable_credentials(where: str) -> NoCredentials:
    """For credentials of which no client can be made; what is wrong with them is not repeated, they are secret."""
    return NoCredentials(
        f"the credentials for {where} cannot be used: they are empty or not well-formed",
        where=where,
        cure="copy AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT_KEY anew, whole, or unset it",
    )


def _from_answer(error: BaseException, code: str, where: str) -> StoreError:
    if code in ("AuthenticationFailed", "403") and any(words in str(error).lower() for words in _CLOCK):
        return AccessDenied(
            f"the store refuses {where}: this machine's clock differs too much from its own",
            where=where,
            cure="set this machine's clock (NTP) and run again",
        )
    if code in _CODES:
        kind, message, cure = _CODES[code]
        return kind(message.format(where=where, code=code), where=where, cure=cure)
    return _unreachable(where, f"it answers {code}, {_sentence(error)}")


def _unreachable(where: str, why: str) -> StoreUnreachable:
    return StoreUnreachable(
        f"the store does not serve {where}: {why}",
        where=where,
        cure="check the network, the account's name and the store itself, and run again",
    )


def _is_network(error: BaseException) -> bool:
    """Whether a connection failed; this machine's own disk has an error number and no cause in the network."""
    for cause in _causes(error):
        names = {kind.__name__ for kind in type(cause).__mro__}
        if names.intersection(_BROKEN) or isinstance(cause, ConnectionError | asyncio.TimeoutError):
            return True
    return False


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__


def _sentence(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:300]
