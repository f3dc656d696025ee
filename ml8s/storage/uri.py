"""Addresses of stores and snapshots: what ML8s reads, and why it refuses the rest. Pure text, no I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from ml8s.errors import InvalidStoreUri

FORMS: Final = (
    "a folder (./.ml8s), file:///folder, s3://bucket/prefix or abfs://container@account.dfs.core.windows.net/prefix"
)
LONGEST: Final = 1024
LONGEST_SHOWN: Final = 120

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_IP_ADDRESS = re.compile(r"\d+(\.\d+){3}")
_CONTAINER = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*")
_ACCOUNT_HOST = re.compile(r"([a-z0-9]{3,24})\.(?:dfs|blob)\.([a-z0-9-]+(?:\.[a-z0-9-]+)+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_AZURE: Final = ("abfs", "abfss")
_AZURE_DIALECTS: Final = ("az", "adl", "wasb", "wasbs")
_S3_DIALECTS: Final = ("s3a", "s3n")


@dataclass(frozen=True, slots=True)
class FolderAddress:
    """A folder of this machine; ``text`` is the address as it was written."""

    path: Path
    text: str

    @property
    def uri(self) -> str:
        """The address, as it was written."""
        return self.text


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """A prefix in an S3 bucket, without slashes at its ends; it may be empty."""

    bucket: str
    prefix: str

    @property
    def uri(self) -> str:
        """The address in its one spelling, without a slash at its end."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


@dataclass(frozen=True, slots=True)
class ContainerAddress:
    """A prefix in a container of Azure Blob Storage, without slashes at its ends; it may be empty.

    Attributes:
        container: the container's name.
        account: the storage account, or empty where the environment names it.
        suffix: what follows ``account.blob.`` in the account's host; empty without an account.
        prefix: what stands before every key.
    """

    container: str
    account: str
    suffix: str
    prefix: str

    @property
    def uri(self) -> str:
        """The address in its one spelling, without a slash at its end."""
        host = f"@{self.account}.dfs.{self.suffix}" if self.account else ""
        return f"abfs://{self.container}{host}/{self.prefix}".rstrip("/")


Address: TypeAlias = FolderAddress | BucketAddress | ContainerAddress


def parse_address(text: str) -> Address:
    """Reads the address of a store or snapshot.

    A plain path is taken as it is (``~`` is your home folder). In an address with a scheme nothing is decoded: what
    another reader could decode, follow or chain (``%2e``, ``?``, ``#``, ``..``, ``::``, user names) is refused.

    Raises:
        InvalidStoreUri: with the part that is wrong, never with credentials that were in it.
    """
    if not text.strip():
        raise InvalidStoreUri("the address is empty", where='""', cure=f"write {FORMS}")
    if len(text) > LONGEST or _CONTROL.search(text) or text != text.strip():
        raise _refused(text, "is too long or has control characters or spaces at its ends", "write it on one line")
    if "::" in text:
        raise _refused(text, "chains addresses with `::`", "name the folder or bucket itself")
    scheme = _SCHEME.match(text)
    if scheme is None:
        path = Path(text).expanduser() if text.startswith("~/") or text == "~" else Path(text)
        return FolderAddress(path, text)
    return _with_scheme(scheme[1].lower(), text, text[scheme.end() :])


def join(uri: str, key: str) -> str:
    """The address of one object, for messages."""
    return f"{uri.rstrip('/')}/{key}"


def _with_scheme(scheme: str, text: str, rest: str) -> Address:
    if scheme in _AZURE_DIALECTS:
        raise _refused(text, f"begins with {scheme}:", "write abfs://container@account.dfs.core.windows.net/prefix")
    if scheme in _S3_DIALECTS:
        raise _refused(text, f"begins with {scheme}://", "write s3://bucket/prefix")
    if scheme not in ("file", "s3", *_AZURE):
        raise _refused(text, f"has the scheme `{scheme}`", f"write {FORMS}; a folder with a colon as ./name:x")
    if not rest.startswith("//"):
        raise _refused(text, f"lacks the two slashes of {scheme}://", f"write {FORMS}")
    rest = rest[2:]
    _check_no_credentials(scheme, text, rest.partition("/")[0])
    for sign in ("?", "#", "%", "\\", "{{"):
        if sign in rest:
            raise _refused(text, f"holds `{sign}`, which readers of addresses understand differently", "take it out")
    if scheme == "file":
        return _folder(text, rest)
    return _bucket(text, rest) if scheme == "s3" else _container(text, rest)


def _check_no_credentials(scheme: str, text: str, host: str) -> None:
    """What stands before ``@`` is a user, with a password or not; only on Azure it may be a container."""
    if scheme in _AZURE and not host.endswith("@") and ":" not in host and host.count("@") < 2:
        return
    if "@" in host or (scheme in _AZURE and ":" in host):
        variables = (
            "AZURE_STORAGE_CONNECTION_STRING" if scheme in _AZURE else "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
        raise _refused(text, "holds a user name or credentials", f"take them out and set {variables}")


def _folder(text: str, rest: str) -> FolderAddress:
    if not rest.startswith("/"):
        raise _refused(text, "is not absolute", "write file:///folder, with three slashes")
    _check_segments(text, rest.strip("/"))
    return FolderAddress(Path(rest), text)


def _bucket(text: str, rest: str) -> BucketAddress:
    bucket, _, prefix = rest.partition("/")
    if not _BUCKET.fullmatch(bucket) or ".." in bucket:
        raise _refused(
            text,
            f"names no valid bucket (`{bucket}`)",
            "a bucket's name has 3 to 63 lower-case letters, digits, `-` and `.`, and no port",
        )
    if _IP_ADDRESS.fullmatch(bucket):
        raise _refused(
            text, f"names no bucket: `{bucket}` is an IP address", "name the bucket; AWS_ENDPOINT_URL the server"
        )
    _check_segments(text, prefix.removesuffix("/"))
    return BucketAddress(bucket, prefix.removesuffix("/"))


def _container(text: str, rest: str) -> ContainerAddress:
    place, _, prefix = rest.partition("/")
    name, at, host = place.partition("@")
    if not _CONTAINER.fullmatch(name):
        raise _refused(
            text,
            "names no valid container",
            "a container's name has 3 to 63 lower-case letters, digits and single `-`",
        )
    account = _ACCOUNT_HOST.fullmatch(host) if at else None
    if at and account is None:
        raise _refused(text, "names no storage account", "write abfs://container@account.dfs.core.windows.net/prefix")
    _check_segments(text, prefix.removesuffix("/"))
    named = (account[1], account[2]) if account else ("", "")
    return ContainerAddress(name, *named, prefix.removesuffix("/"))


def _check_segments(text: str, path: str) -> None:
    if path and any(part in ("", ".", "..") for part in path.split("/")):
        raise _refused(text, "has an empty, `.` or `..` part", "write the path without it")


def _shown(text: str) -> str:
    """The address for a message: short, and without what may be credentials: before its last ``@``, or after ``?``."""
    scheme = text.partition(":")[0][:16]
    shown = f"{scheme}://…@{text.rpartition('@')[2]}" if "@" in text else text
    if "://" in shown and "?" in shown:
        shown = f"{shown.partition('?')[0]}?…"
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"


def _refused(text: str, why: str, cure: str) -> InvalidStoreUri:
    shown = _shown(text)
    return InvalidStoreUri(f"the address {shown!r} {why}", where=shown, cure=cure)
