"""Reads the text of a config from a path or a store, within its limits, and derives a model's name from it."""

from __future__ import annotations

import codecs
import stat
from pathlib import Path
from typing import Final

from ml8s.errors import ConfigNotFound, ConfigUnreadable, InvalidUsage, ObjectMissing

LARGEST: Final = 64 * 1024
SCHEMES: Final = ("s3", "abfs", "abfss")

_MARKS: Final = {
    codecs.BOM_UTF8: "begins with a byte order mark",
    codecs.BOM_UTF16_LE: "is UTF-16",
    codecs.BOM_UTF16_BE: "is UTF-16",
}
_AS_UTF8: Final = "save it as UTF-8 without a byte order mark"


def read_text(source: str) -> str:
    """The text of a config.

    Raises:
        ConfigNotFound: nothing is there.
        ConfigUnreadable: a folder, larger than 64 KiB, or not UTF-8.
        StoreError: the store of an s3:// or abfs:// address does not give it.
    """
    content = _from_store(source) if "://" in source else _from_path(source)
    if len(content) > LARGEST:
        raise _too_large(source, f"more than {LARGEST}")
    return _decode(content, source)


def _from_path(source: str) -> bytes:
    path = Path(source)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ConfigUnreadable(f"{source} is a folder", where=source, cure=_files_within(path))
        if stat.S_ISREG(status.st_mode) and status.st_size > LARGEST:
            raise _too_large(source, str(status.st_size))
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigNotFound(f"there is no config {source}", where=source, cure=_near(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigUnreadable(
            f"{source!r} cannot be read: {reason}", where=source, cure="check the path and rights"
        ) from None


def _files_within(folder: Path) -> str:
    try:
        found = sorted(path.name for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))[:5]
    except OSError:
        found = []
    return f"name one of the files in it: {', '.join(found)}" if found else "name the config's file"


def _near(path: Path) -> str:
    from difflib import get_close_matches

    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.suffix in (".yaml", ".yml")]
    except OSError:
        return "check the path"
    near = get_close_matches(path.name, names, n=1, cutoff=0.5)
    return f"did you mean {path.parent / near[0]}?" if near else "check the path"


def _from_store(source: str) -> bytes:
    scheme, _, rest = source.partition("://")
    if scheme == "file":
        return _from_path(rest)
    if scheme not in SCHEMES:
        raise InvalidUsage(
            f"a config is not read from {scheme}://",
            where=source,
            cure="give a path, s3://bucket/file.yaml or abfs://…",
        )
    folder, _, name = rest.rpartition("/")
    if not folder or not name:
        raise InvalidUsage(f"{source} names no file", where=source, cure=f"write {scheme}://bucket/folder/file.yaml")
    from ml8s.storage import open_store

    store = open_store(f"{scheme}://{folder}")
    found = store.stat(name)
    if found is None:
        raise ConfigNotFound(f"there is no config {source}", where=source, cure="check bucket, folder and name")
    if found.size > LARGEST:
        raise _too_large(source, str(found.size))
    try:
        return store.get(name)
    except ObjectMissing:
        raise ConfigNotFound(
            f"there is no config {source}", where=source, cure="check bucket, folder and name"
        ) from None


def _too_large(source: str, size: str) -> ConfigUnreadable:
    return ConfigUnreadable(
        f"{source} has {size} bytes, and a config at most {LARGEST}", where=source, cure="is this the right file?"
    )


def _decode(content: bytes, source: str) -> str:
    for mark, complaint in _MARKS.items():
        if content.startswith(mark):
            raise ConfigUnreadable(f"{source} {complaint}", where=f"{source}:1:1", cure=_AS_UTF8)
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        raise ConfigUnreadable(
            f"{source} holds a NUL byte: it is no text, or UTF-16", where=f"{source}:{line}:1", cure=_AS_UTF8
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        column = len(content[: error.start].rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        raise ConfigUnreadable(
            f"{source} is not UTF-8: byte 0x{content[error.start]:02x} in line {line}",
            where=f"{source}:{line}:{column}",
            cure=_AS_UTF8,
        ) from None
