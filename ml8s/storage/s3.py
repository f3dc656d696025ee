"""A prefix of an S3 bucket as a store: AWS, MinIO and others that keep ``If-None-Match: *``.

Endpoint, region and credentials come from the usual ``AWS_*`` variables and files, or from those of a purpose. Nothing
is cached, neither listings nor clients of another process. botocore retries what is temporary (throttling, 5xx, broken
connections) with growing pauses, and the store what was garbled on the way; s3fs's own retries on top are off.
"""

from __future__ import annotations

import hashlib
import io
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from ml8s.artifacts import sha256
from ml8s.errors import BucketMissing, ObjectMissing, StoreError, StoreUnreachable
from ml8s.storage import s3_errors
from ml8s.storage.files import whole_file
from ml8s.storage.identities import Purpose, own_settings
from ml8s.storage.keys import check_key
from ml8s.storage.store import StoredObject
from ml8s.storage.uri import BucketAddress, join

if TYPE_CHECKING:
    from s3fs import S3FileSystem

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 30
ATTEMPTS: Final = 4
CONNECTIONS: Final = 32
CHUNK_BYTES: Final = 1 << 20
PAGE_KEYS: Final = 1000
MULTIPART_ABOVE_BYTES: Final = 64 << 20
PART_BYTES: Final = 32 << 20
WRITE_ID: Final = "ml8s-write-id"
CONTENT_SHA256: Final = "ml8s-sha256"
"""What a reader compares: no protocol below tells a byte that changed on the way when there is no TLS."""


class S3Store:
    """The store below a prefix of a bucket."""

    def __init__(self, address: BucketAddress, purpose: Purpose = Purpose.STORE) -> None:
        self._address = address
        self._purpose = purpose
        self._opened: tuple[int, S3FileSystem] | None = None
        self._bucket_seen = False

    @property
    def uri(self) -> str:
        """The address, without credentials."""
        return self._address.uri

    @property
    def endpoint(self) -> str:
        """The URL that requests go to."""
        try:
            filesystem = self._filesystem()
            filesystem.connect()
            return str(filesystem.s3.meta.endpoint_url)
        except Exception as error:
            raise self._told(error, self.uri) from error

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
        """Writes one object with one request, or with one multipart upload above 64 MiB, aborted on an error."""
        if isinstance(content, Path):
            if content.stat().st_size > MULTIPART_ABOVE_BYTES:
                self._upload(key, content)
                return
            content = content.read_bytes()
        self._request("put_object", key, Body=content, Metadata={CONTENT_SHA256: sha256(content)})

    def create(self, key: str, content: bytes) -> bool:
        """Writes one small object if there is none: True when this call's content is the one stored."""
        write_id = uuid.uuid4().hex
        for attempt in range(ATTEMPTS):
            time.sleep(0.1 * attempt**2)
            answer = self._try_create(key, content, write_id)
            if answer is not None:
                return answer
        raise StoreUnreachable(
            f"the store did not settle who wrote {self._where(key)} in {ATTEMPTS} attempts",
            where=self._where(key),
            cure="run again when fewer runs write to this store at once",
        )

    def stat(self, key: str) -> StoredObject | None:
        """Size and version (ETag, and version id where the bucket keeps versions) of one object."""
        answer = self._head(key)
        if answer is None:
            return None
        version = answer.get("VersionId")
        etag = str(answer["ETag"]).strip('"')
        return StoredObject(
            key,
            int(cast(int, answer["ContentLength"])),
            f"{etag}+{version}" if version not in (None, "null") else etag,
            cast(datetime, answer["LastModified"]).astimezone(UTC),
        )

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """All objects whose key begins with ``prefix``, in the order that S3 lists them: by the key's UTF-8 bytes."""
        start = len(self._prefixed(""))
        token: dict[str, object] = {}
        while True:
            asked = {"Prefix": self._prefixed(prefix), "MaxKeys": PAGE_KEYS, **token}
            page = self._call("list_objects_v2", self.uri, **asked)
            self._bucket_seen = True
            for item in cast("list[Mapping[str, object]]", page.get("Contents", [])):
                modified = cast(datetime, item["LastModified"]).astimezone(UTC)
                size = cast(int, item["Size"])
                yield StoredObject(str(item["Key"])[start:], size, str(item["ETag"]).strip('"'), modified)
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def delete(self, key: str) -> None:
        """Removes one object; no error where there is none."""
        self._request("delete_object", key)

    def _try_create(self, key: str, content: bytes, write_id: str) -> bool | None:
        """True: ours is stored; False: another's is; None: nobody can tell yet, so it is tried again."""
        try:
            told = {WRITE_ID: write_id, CONTENT_SHA256: sha256(content)}
            self._request("put_object", key, Body=content, IfNoneMatch="*", Metadata=told)
            return True
        except StoreError as error:
            code = s3_errors.code_of(error)
            if code in s3_errors.CONFLICT:
                return None
            if code not in s3_errors.LOST and not isinstance(error, StoreUnreachable):
                raise
            # Lost, or the answer was: the client may have been refused by the write that it had just done itself.
            stored = self._head(key)
            if stored is None and code not in s3_errors.LOST:
                raise
            return None if stored is None else cast("dict[str, str]", stored["Metadata"]).get(WRITE_ID) == write_id

    def _head(self, key: str) -> Mapping[str, object] | None:
        try:
            return self._request("head_object", key)
        except ObjectMissing:
            self._require_bucket()
            return None

    def _require_bucket(self) -> None:
        """An answer without a body cannot tell a missing object from a missing bucket; asked once."""
        if self._bucket_seen:
            return
        try:
            self._call("head_bucket", self.uri)
        except ObjectMissing as error:
            raise BucketMissing(
                f"the bucket {self._address.bucket} of {self.uri} does not exist",
                where=self.uri,
                cure="make the bucket, or mend the address or AWS_ENDPOINT_URL",
            ) from error
        except StoreError:
            return  # whoever may not ask for the bucket may still read and write objects
        self._bucket_seen = True

    def _read(self, key: str, target: IO[bytes]) -> None:
        from fsspec.asyn import sync

        for attempt in range(ATTEMPTS):
            target.seek(0)
            target.truncate()
            answer = self._request("get_object", key)
            written = cast("Mapping[str, str]", answer.get("Metadata", {})).get(CONTENT_SHA256)
            try:
                read = sync(self._filesystem().loop, _drain, answer["Body"], target)
                # What differs at every reading is damaged in the store: whoever asked for it knows what that means.
                if written in (None, read) or attempt == ATTEMPTS - 1:
                    return
            except Exception as error:
                told = self._told(error, self._where(key))
                if attempt == ATTEMPTS - 1 or not isinstance(told, StoreUnreachable) or _is_local(error):
                    raise told from error
            time.sleep(0.1 * 3**attempt)

    def _upload(self, key: str, path: Path) -> None:
        target = f"{self._address.bucket}/{self._prefixed(check_key(key))}"
        try:
            self._filesystem().put_file(str(path), target, chunksize=PART_BYTES, max_concurrency=2)
        except Exception as error:
            raise self._told(error, self._where(key)) from error

    def _request(self, method: str, key: str, **parameters: object) -> Mapping[str, object]:
        """One request about one object."""
        return self._call(method, self._where(key), Key=self._prefixed(check_key(key)), **parameters)

    def _call(self, method: str, where: str, **parameters: object) -> Mapping[str, object]:
        for attempt in range(ATTEMPTS):
            try:
                answer = self._filesystem().call_s3(method, Bucket=self._address.bucket, **parameters)
                return cast("Mapping[str, object]", answer)
            except Exception as error:
                if attempt == ATTEMPTS - 1 or not s3_errors.garbled(error):
                    raise self._told(error, where) from error
            time.sleep(0.1 * 3**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _told(self, error: Exception, where: str) -> Exception:
        return s3_errors.store_error(error, where) or error

    def _where(self, key: str) -> str:
        return join(self.uri, key) if key else self.uri

    def _prefixed(self, key: str) -> str:
        return f"{self._address.prefix}/{key}" if self._address.prefix else key

    def _filesystem(self) -> S3FileSystem:
        """The client of this process: one that a fork inherited shares its sockets and event loop."""
        if self._opened is None or self._opened[0] != os.getpid():
            import s3fs

            settings = own_settings(self._purpose)
            region = settings.pop("region_name", None)
            filesystem = s3fs.S3FileSystem(
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
            filesystem.retries = 1
            self._opened = (os.getpid(), filesystem)
        return self._opened[1]


async def _drain(body: object, target: IO[bytes]) -> str:
    """Writes a body down and gives its sha256."""
    digest = hashlib.sha256()
    async with body as stream:  # type: ignore[attr-defined]
        while chunk := await stream.read(CHUNK_BYTES):
            target.write(chunk)
            digest.update(chunk)
    return digest.hexdigest()


def _is_local(error: Exception) -> bool:
    """Whether this machine's disk failed, which has an error number, and no cause in the network."""
    return isinstance(error, OSError) and error.errno is not None and error.__cause__ is None
