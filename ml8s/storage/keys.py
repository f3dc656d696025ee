"""Keys of objects: relative paths with ``/`` that mean the same in a folder and in a bucket."""

from __future__ import annotations

from typing import Final

from ml8s.errors import InvalidStoreUri

SCRATCH: Final = ".tmp"
LONGEST_BYTES: Final = 900


def check_key(key: str) -> str:
    """Returns a key that every store can hold.

    Raises:
        InvalidStoreUri: it is empty, absolute, too long, has an empty, ``.`` or ``..`` part, or names the folder of
            unfinished files.
    """
    parts = key.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\x00" in key or parts[0] == SCRATCH:
        raise InvalidStoreUri(
            f"the key {key!r} is no relative path below the store", cure="name an object without `..` and slashes ahead"
        )
    if len(key.encode("utf-8", "surrogateescape")) > LONGEST_BYTES:
        raise InvalidStoreUri(f"the key {key[:80]!r}… is longer than {LONGEST_BYTES} bytes", cure="use a shorter name")
    return key
