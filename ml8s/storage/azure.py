"""A prefix of a container in Azure Blob Storage as a store.

Account and credentials come from the usual ``AZURE_STORAGE_*`` variables, or from what Azure's own chain finds
(workload identity, managed identity, ``az login``). Nothing is cached. The client's own retries wait for minutes and
are off: what is temporary (throttling, 5xx, broken connections) is tried again here, with growing pauses.
"""

from __future__ import annotations

import hashlib
import io
import os
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar, cast

from ml8s.artifacts import file_sha256, sha256
from ml8s.errors import ObjectMissing, StoreError, StoreUnreachable
from ml8s.storage import azure_errors
from ml8s.storage.files import whole_file
from ml8s.storage.keys import check_key
from ml8s.storage.store import StoredObject
from ml8s.storage.uri import ContainerAddress, join

if TYPE_CHECKING:
    from adlfs import AzureBlobFileSystem

T = TypeVar("T")

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 30
ATTEMPTS: Final = 4
PAUSE_SECONDS: Final = 0.3
"""Before the second try; three times as long before each further one."""

PAGE_KEYS: Final = 1000
UPLOADS_AT_ONCE: Final = 2
WRITE_ID: Final = "ml8s_write_id"
CONTENT_SHA256: Final = "ml8s_sha256"
"""What a reader compares: no protocol below tells a byte that changed on the way when there is no TLS."""

FOLDER_MARK: Final = "hdi_isfolder"
"""The metadata by which an account with a hierarchical namespace shows its folders among the blobs."""


class AzureStore:
    """The store below a prefix of a container."""

    def __init__(self, address: ContainerAddress) -> None:
        self._address = address
        self._opened: tuple[int, AzureBlobFileSystem] | None = None

    @property
    def uri(self) -> str:
        """The address, without credentials."""
        return self._address.uri

    @property
    def endpoint(self) -> str:
        """The URL of the account, without a shared access signature."""
        client = self._filesystem().service_client
        return f"{client.scheme}://{client.primary_hostname}"

    def get(self, key: str) -> bytes:
        """The whole content of one object."""
        content = io.BytesIO()
        self._read(key, content)
        return content.getvalue()

    def fetch(self, key: str, path: Path) -> None:
        """Copies one object into a file, which appears complete or not at all."""
        with whole_file(path) as file:
            self._read(key, file)

    def put(self, key: str, content: bytes | Path) -> None:
        """Writes one object; above 64 MiB in blocks that one last request makes the object's content."""
        if isinstance(content, bytes):
            self._upload(key, content, {CONTENT_SHA256: sha256(content)}, overwrite=True)
            return
        self._upload(key, content, {CONTENT_SHA256: file_sha256(content)}, overwrite=True)

    def create(self, key: str, content: bytes) -> bool:
        """Writes one small object if there is none: True when this call's content is the one stored."""
        write_id = uuid.uuid4().hex
        try:
            self._upload(key, content, {WRITE_ID: write_id, CONTENT_SHA256: sha256(content)}, overwrite=False)
            return True
        except StoreError as error:
            lost = azure_errors.code_of(error) in azure_errors.LOST
            if not lost and not isinstance(error, StoreUnreachable):
                raise
            # Lost, or the answer was: the second try may have been refused by the first, which was carried out.
            stored = self._properties(key)
            if stored is None and not lost:
                raise
            if stored is not None:
                return bool(stored.metadata.get(WRITE_ID) == write_id)
        raise StoreUnreachable(
            f"the store did not settle who wrote {self._where(key)}: it was there and is gone",
            where=self._where(key),
            cure="run again when nothing removes objects of this store",
        )

    def stat(self, key: str) -> StoredObject | None:
        """Size and version (ETag, and version id where the container keeps versions) of one object."""
        found = self._properties(key)
        return None if found is None else _described(key, found)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """All objects whose key begins with ``prefix``, by the key's UTF-8 bytes.

        Azure's own order differs between kinds of account, so all pages are read before the first object is given.
        """
        start = len(self._prefixed(""))

        async def pages(container: Any) -> list[StoredObject]:  # noqa: ANN401  (the client has no types here)
            found = container.list_blobs(
                name_starts_with=self._prefixed(prefix),
                include=["metadata"],
                results_per_page=PAGE_KEYS,
                **_options(),
            )
            return [_described(item.name[start:], item) async for item in found if not _is_folder(item)]

        yield from sorted(self._ask(self.uri, pages), key=lambda item: item.key.encode())

    def delete(self, key: str) -> None:
        """Removes one object; no error where there is none."""
        name = self._prefixed(check_key(key))

        async def remove(container: Any) -> None:  # noqa: ANN401
            await container.delete_blob(name, delete_snapshots="include", **_options())

        try:
            self._ask(self._where(key), remove)
        except ObjectMissing:
            return

    def _upload(self, key: str, content: bytes | Path, metadata: Mapping[str, str], *, overwrite: bool) -> None:
        name = self._prefixed(check_key(key))

        async def upload(container: Any) -> None:  # noqa: ANN401
            with nullcontext(content) if isinstance(content, bytes) else content.open("rb") as data:
                size = len(content) if isinstance(content, bytes) else content.stat().st_size
                await container.upload_blob(
                    name, data, length=size, overwrite=overwrite, metadata=dict(metadata),
                    max_concurrency=UPLOADS_AT_ONCE, validate_content=True, **_options(),
                )  # fmt: skip

        self._ask(self._where(key), upload)

    def _read(self, key: str, target: IO[bytes]) -> None:
        name = self._prefixed(check_key(key))

        async def drain(container: Any) -> tuple[str | None, str]:  # noqa: ANN401
            target.seek(0)
            target.truncate()
            answer = await container.download_blob(name, **_options())
            if _is_folder(answer.properties):
                raise ObjectMissing(f"{self._where(key)} is a folder", where=self._where(key), cure="name an object")
            digest = hashlib.sha256()
            async for chunk in answer.chunks():
                target.write(chunk)
                digest.update(chunk)
            return answer.properties.metadata.get(CONTENT_SHA256), digest.hexdigest()

        for attempt in range(ATTEMPTS):
            written, read = self._ask(self._where(key), drain)
            # What differs at every reading is damaged in the store: whoever asked for it knows what that means.
            if written in (None, read):
                return
            _pause(attempt)

    def _properties(self, key: str) -> Any:  # noqa: ANN401
        name = self._prefixed(check_key(key))

        async def look(container: Any) -> Any:  # noqa: ANN401
            return await container.get_blob_client(name).get_blob_properties(**_options())

        try:
            found = self._ask(self._where(key), look)
        except ObjectMissing:
            return None
        return None if _is_folder(found) else found

    def _ask(self, where: str, request: Callable[[Any], Awaitable[T]]) -> T:
        """The answer to a request, asked again while what fails is temporary."""
        from fsspec.asyn import sync

        filesystem = self._filesystem()
        container = filesystem.service_client.get_container_client(self._address.container)
        for attempt in range(ATTEMPTS):
            try:
                return cast(T, sync(filesystem.loop, request, container))
            except Exception as error:
                if attempt == ATTEMPTS - 1 or not azure_errors.temporary(error):
                    raise azure_errors.store_error(error, where) or error from error
            _pause(attempt)
        raise AssertionError("the last attempt returns or raises")

    def _where(self, key: str) -> str:
        return join(self.uri, key) if key else self.uri

    def _prefixed(self, key: str) -> str:
        return f"{self._address.prefix}/{key}" if self._address.prefix else key

    def _filesystem(self) -> AzureBlobFileSystem:
        """The client of this process: one that a fork inherited shares its sockets and event loop."""
        if self._opened is None or self._opened[0] != os.getpid():
            self._opened = (os.getpid(), self._connected())
        return self._opened[1]

    def _connected(self) -> AzureBlobFileSystem:
        import adlfs

        account = self._address.account
        named = {"account_name": account, "account_host": f"{account}.blob.{self._address.suffix}"} if account else {}
        azure_errors.require_account(self._address)
        try:
            filesystem = adlfs.AzureBlobFileSystem(
                **named, anon=False, skip_instance_cache=True, use_listings_cache=False
            )
        except ValueError as error:
            raise azure_errors.unusable_credentials(self.uri) from error
        azure_errors.require_same_account(self._address, str(filesystem.service_client.account_name))
        return filesystem


def _options() -> dict[str, int]:
    """What bounds one request; read when it is made."""
    return {"retry_total": 0, "connection_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS}


def _pause(attempt: int) -> None:
    time.sleep(PAUSE_SECONDS * 3**attempt)


def _is_folder(properties: Any) -> bool:  # noqa: ANN401
    return str((properties.metadata or {}).get(FOLDER_MARK, "")).lower() == "true"


def _described(key: str, properties: Any) -> StoredObject:  # noqa: ANN401
    etag = str(properties.etag).strip('"')
    version = getattr(properties, "version_id", None)
    modified = cast(datetime, properties.last_modified).astimezone(UTC)
    return StoredObject(key, int(properties.size), f"{etag}+{version}" if version else etag, modified)
