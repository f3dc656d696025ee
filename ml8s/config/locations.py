"""Addresses of snapshots: which forms are allowed, and what a relative one is relative to."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from pathlib import Path
from typing import Final

SCHEMES: Final = ("s3", "abfs", "abfss", "file")

_SCHEME = re.compile(r"([^/:\\]*):(//)?")
_PERCENT = re.compile(r"%[0-9a-fA-F]{2}")
_CREDENTIALS = re.compile(r"://[^/]*:[^/]*@")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
_ABFS_HOST = re.compile(r"[a-z0-9$][a-z0-9-]{1,62}(@[a-z0-9.-]+)?")
_INVISIBLE = ("C", "Zl", "Zp")
_FORMS = "write a folder's path, s3://bucket/folder/ or abfs://container/folder/"


def refusal(uri: str) -> tuple[str, str] | None:
    """Why an address of a snapshot is not allowed, and the cure; None where it is."""
    return _refused_character(uri) or _refused_scheme(uri) or _refused_part(uri)


def _refused_character(uri: str) -> tuple[str, str] | None:
    for character in uri:
        if unicodedata.category(character).startswith(_INVISIBLE):
            return f"holds the invisible character U+{ord(character):04X}", "type the address anew"
        if character in "#?":
            return f"holds `{character}`", "an address has no query and no fragment: remove it"
        if character == "\\":
            return "holds a backslash", "write `/` between folders"
    if unicodedata.normalize("NFKC", uri) != unicodedata.normalize("NFC", uri):
        return "holds characters that only look like plain letters", "type the address anew"
    if uri.strip() != uri:
        return "begins or ends with a space", "remove it"
    return None


def _refused_scheme(uri: str) -> tuple[str, str] | None:
    if "::" in uri:
        return "chains addresses with `::`", _FORMS
    match = _SCHEME.match(uri)
    if match is None or "/" in uri[: match.start(2) if match[2] else match.end()]:
        return None
    scheme = match[1]
    if scheme not in SCHEMES or not match[2]:
        return f"begins with `{scheme}:`, which is no address of a snapshot", _FORMS
    if _CREDENTIALS.search(uri):
        return (
            "holds a user name and password",
            "remove them: credentials come from the environment, and replace these, they were written down",
        )
    if not uri.isascii():
        return "holds letters that look like others or are not ASCII", f"{scheme}:// addresses are plain ASCII"
    return _refused_host(scheme, uri.partition("://")[2].partition("/")[0])


def _refused_host(scheme: str, host: str) -> tuple[str, str] | None:
    if scheme == "file":
        return (f"names the host {host!r}", "write file:///folder, or just the folder's path") if host else None
    if not host:
        return "names no bucket", f"write {scheme}://bucket/folder/"
    if scheme == "s3" and "@" in host:
        return "holds credentials before the bucket", "remove them: credentials come from the environment"
    allowed = _BUCKET if scheme == "s3" else _ABFS_HOST
    return None if allowed.fullmatch(host) else (f"names the bucket {host!r}, which is none", _FORMS)


def _refused_part(uri: str) -> tuple[str, str] | None:
    path = uri.partition("://")[2] or uri
    if _PERCENT.search(path):
        return "holds a percent escape", "write the folder's name as it is"
    if ".." in path.split("/"):
        return "holds `..`", "write the whole path of the folder"
    if "://" in path or ("//" in path and "://" in uri):
        return "holds an empty folder name (`//`)", "write a single `/`"
    return None


def resolve(uri: str, origin: str) -> str:
    """Where a snapshot is: an absolute folder, or an address of a store.

    A relative folder is relative to the folder of the config (``origin``, a path or an address).
    """
    scheme, separator, rest = uri.partition("://")
    if separator:
        return rest if scheme == "file" else uri
    if uri.startswith("/"):
        return uri
    if "://" in origin:
        head, _, tail = origin.partition("://")
        return f"{head}://{posixpath.normpath(posixpath.join(posixpath.dirname(tail), uri))}"
    return str((Path(origin).parent / uri).absolute())
