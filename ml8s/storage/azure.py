"""Containers of Azure Blob Storage, by the client that adlfs makes.

Account and credentials come from the usual ``AZURE_STORAGE_*`` variables, or from what Azure's own chain finds
(workload identity, managed identity, ``az login``). The client's own retries wait for minutes and are off: all that is
temporary is in the dialect's ``passing``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from ml8s.errors import InvalidStoreUri, NoCredentials
from ml8s.storage.answers import Case, Dialect, Met, told
from ml8s.storage.objects import (
    CONNECT_SECONDS,
    READ_SECONDS,
    UPLOADS_AT_ONCE,
    Look,
    ObjectStore,
    Page,
    described,
)
from ml8s.storage.store import StoredObject
from ml8s.storage.uri import ContainerAddress

OPTIONS: Final = {"retry_total": 0, "connection_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS}
ACCOUNT_VARIABLES: Final = ("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT_NAME")
FOLDER_MARK: Final = "hdi_isfolder"
"""The metadata by which an account with a hierarchical namespace shows its folders among the blobs."""


def azure_store(address: ContainerAddress) -> ObjectStore:
    """The store below a prefix of an Azure container."""
    return ObjectStore(address, DIALECT, partial(AzureContainer, address))


class AzureContainer:
    """One container, by Azure's client; its metadata's names have ``_`` for ``-``, since Azure takes no other."""

    def __init__(self, address: ContainerAddress) -> None:
        import adlfs

        account = address.account
        named = {"account_name": account, "account_host": f"{account}.blob.{address.suffix}"} if account else {}
        _require_account(address)
        try:
            self._filesystem = adlfs.AzureBlobFileSystem(
                **named, anon=False, skip_instance_cache=True, use_listings_cache=False
            )
        except ValueError as error:
            raise Met(Case.UNUSABLE) from error
        self._service = self._filesystem.service_client
        _require_same_account(address, str(self._service.account_name))
        self._container = self._service.get_container_client(address.container)

    @property
    def endpoint(self) -> str:
        """The URL of the account, without a shared access signature."""
        return f"{self._service.scheme}://{self._service.primary_hostname}"

    def read(self, name: str, take: Callable[[bytes], object]) -> Mapping[str, str]:
        """Hands one blob's bytes on as they come and returns its metadata."""

        async def drain() -> Mapping[str, str]:
            answer = await self._container.download_blob(name, **OPTIONS)
            metadata = _metadata(answer.properties)
            async for chunk in answer.chunks():
                take(chunk)
            return metadata

        return cast("Mapping[str, str]", self._call(drain))

    def write(self, name: str, content: bytes | Path, metadata: Mapping[str, str], *, only_new: bool) -> None:
        """Writes one blob; above 64 MiB in blocks that one last request makes the blob's content."""
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        named = {word.replace("-", "_"): value for word, value in metadata.items()}
        with nullcontext(content) if isinstance(content, bytes) else content.open("rb") as data:
            self._call(
                self._container.upload_blob, name, data, length=size, overwrite=not only_new, metadata=named,
                max_concurrency=UPLOADS_AT_ONCE, validate_content=True, **OPTIONS,
            )  # fmt: skip

    def look(self, name: str) -> Look:
        """One blob without its content, and its metadata."""
        found = self._call(self._container.get_blob_client(name).get_blob_properties, **OPTIONS)
        return _described(name, found), _metadata(found)

    def page(self, prefix: str, after: str, size: int) -> Page:
        """All blobs at once, by the UTF-8 bytes of their names: Azure's own order differs between kinds of account."""

        async def collect() -> list[StoredObject]:
            found = self._container.list_blobs(
                name_starts_with=prefix, include=["metadata"], results_per_page=size, **OPTIONS
            )
            return [_described(item.name, item) async for item in found if not _is_folder(item)]

        found = cast("list[StoredObject]", self._call(collect))
        return sorted(found, key=lambda item: item.key.encode()), ""

    def remove(self, name: str) -> None:
        """Removes one blob with its snapshots."""
        self._call(self._container.delete_blob, name, delete_snapshots="include", **OPTIONS)

    def _call(self, request: Any, *arguments: object, **options: object) -> Any:  # noqa: ANN401  (the client has no types)
        from fsspec.asyn import sync

        return sync(self._filesystem.loop, request, *arguments, **options)


def _require_account(address: ContainerAddress) -> None:
    """Refuses an address that leaves the account to an environment that does not name one."""
    if not address.account and not any(os.environ.get(name) for name in ACCOUNT_VARIABLES):
        raise NoCredentials(
            f"{address.uri} names no storage account, and the environment none either",
            where=address.uri,
            cure=f"write abfs://{address.container}@account.dfs.core.windows.net/…, or set {ACCOUNT_VARIABLES[0]}",
        )


def _require_same_account(address: ContainerAddress, account: str) -> None:
    """Refuses credentials of another account than the address names: they would silently win."""
    if address.account and account != address.account:
        raise InvalidStoreUri(
            f"{address.uri} is in the account {address.account}, and AZURE_STORAGE_CONNECTION_STRING in {account}",
            where=address.uri,
            cure="mend the address, or unset AZURE_STORAGE_CONNECTION_STRING",
        )


def _is_folder(properties: Any) -> bool:  # noqa: ANN401
    return str((properties.metadata or {}).get(FOLDER_MARK, "")).lower() == "true"


def _metadata(properties: Any) -> Mapping[str, str]:  # noqa: ANN401
    if _is_folder(properties):
        raise Met(Case.FOLDER)
    return {str(word).replace("_", "-"): str(value) for word, value in (properties.metadata or {}).items()}


def _described(name: str, properties: Any) -> StoredObject:  # noqa: ANN401
    version = getattr(properties, "version_id", None)
    return described(name, int(properties.size), properties.last_modified, str(properties.etag), version)


def _answered(error: BaseException) -> tuple[str, str] | None:
    """The client's classes do not tell a missing container from a missing blob; the answer's code does."""
    status = getattr(error, "status_code", None)
    if status is None:
        return None
    code = getattr(error, "error_code", None)
    text = str(getattr(code, "value", code) or status)
    # A clock that is wrong has no code of its own.
    skewed = text in ("AuthenticationFailed", "403") and "date header" in str(error).lower()
    return "date header" if skewed else text, str(status)


_LOGIN: Final = "AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN, or log in"

DIALECT: Final = Dialect(
    words={
        "bucket": "container",
        "address": "the address",
        "server": "the account's name",
        "permission": "the role `Storage Blob Data Contributor` on the container",
        "credentials": _LOGIN,
        "login": _LOGIN,
    },
    answered=_answered,
    codes=told(
        {
            Case.TAKEN: "BlobAlreadyExists ConditionNotMet TargetConditionNotMet 409 412",
            Case.MISSING: "BlobNotFound ResourceNotFound 404",
            Case.NO_BUCKET: "ContainerNotFound ContainerBeingDeleted ContainerDisabled",
            Case.ADDRESS: "InvalidResourceName InvalidUri OutOfRangeInput",
            Case.DENIED: "AuthorizationFailure AuthorizationPermissionMismatch AuthorizationProtocolMismatch "
            "AuthorizationResourceTypeMismatch AuthorizationServiceMismatch AuthorizationSourceIPMismatch "
            "InsufficientAccountPermissions PublicAccessNotPermitted BlobImmutableDueToPolicy LeaseIdMissing 403",
            Case.UNACCEPTED: "AuthenticationFailed InvalidAuthenticationInfo NoAuthenticationInformation "
            "AccountIsDisabled KeyBasedAuthenticationNotPermitted 401",
            Case.FULL: "InsufficientStorage 507 RequestBodyTooLarge",
        }
    )
    | {"date header": Case.CLOCK},
    classes=told(
        {
            Case.UNUSABLE: "AzureSigningError",
            Case.NO_CREDENTIALS: "ClientAuthenticationError CredentialUnavailableError",
            Case.UNREACHABLE: "AzureError ClientError OSError",
        }
    ),
    passing=frozenset(
        {
            *("408", "429", "500", "502", "503", "504"),
            # Changed on the way, or replaced between two parts of a read.
            *("Md5Mismatch", "IncompleteBody", "ConditionNotMet"),
            *("ServiceRequestError", "ServiceResponseError", "IncompleteReadError", "DecodeError"),
            *("ClientPayloadError", "ConnectionError", "TimeoutError"),
        }
    ),
)
