"""A table of keys with a fast point lookup: sorted by hash, with a directory of the hash's first bits.

A key is its values' canonical JSON; its hash the first eight bytes of BLAKE2b. One look into the directory leaves on
average one key to compare.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml8s.artifacts import canonical_json
from ml8s.features.asof.rows import Ints
from ml8s.plain_arrays import write_array

Key: TypeAlias = tuple[str | int | float | bool, ...]

PARTS: Final = ("hashes", "directory", "offsets", "bytes")
SMALL: Final = 4096


def key_bytes(key: Key) -> bytes:
    """The bytes of a key: equal numbers have equal bytes, whether 12 or 12.0; no text equals a number's."""
    return canonical_json(list(key))


def key_text(key: Key) -> Key:
    """A key as the lookup state names it: whole numbers as text, since JSON holds them exactly to 2**53 only."""
    return tuple(str(part) for part in key)


def key_hash(name: bytes) -> int:
    """The 64-bit hash of a key's bytes."""
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big")


class KeyTable:
    """Some distinct keys, numbered from 0 in the order of (hash, bytes)."""

    def __init__(self, parts: dict[str, NDArray[Any]]) -> None:
        self._parts = parts
        # A memoryview gives single integers twice as fast as an array does.
        self._hashes, self._directory, self._offsets, self._bytes = (parts[name].data for name in PARTS)
        self._shift = 64 - (len(parts["directory"]) - 2).bit_length()

    @classmethod
    def of(cls, names: Sequence[bytes]) -> KeyTable:
        """The table of these keys' bytes; equal ones are one key."""
        ordered = sorted((key_hash(name), name) for name in set(names))
        hashes = np.array([number for number, _ in ordered], dtype=np.uint64)
        bits = max(len(ordered).bit_length(), 1)
        buckets = np.arange((1 << bits) + 1, dtype=np.float64) * 2.0 ** (64 - bits)
        directory = np.searchsorted(hashes, buckets[:-1].astype(np.uint64)).astype(np.int64)
        offsets = np.cumsum([0, *(len(name) for _, name in ordered)], dtype=np.int64)
        text = np.frombuffer(b"".join(name for _, name in ordered), dtype=np.uint8)
        return cls(
            {"hashes": hashes, "directory": np.append(directory, len(ordered)), "offsets": offsets, "bytes": text}
        )

    def __len__(self) -> int:
        """The number of keys."""
        return len(self._hashes)

    def find(self, name: bytes) -> int:
        """The number of the key with these bytes; -1 where there is none."""
        wanted = key_hash(name)
        bucket = wanted >> self._shift
        for index in range(self._directory[bucket], self._directory[bucket + 1]):
            if self._hashes[index] == wanted:
                start, end = self._offsets[index], self._offsets[index + 1]
                if self._bytes[start:end] == name:
                    return index
        return -1

    def find_all(self, names: Sequence[bytes]) -> Ints:
        """The number of each key [k]; -1 where there is none."""
        return np.fromiter(map(self.find, names), dtype=np.int64, count=len(names))

    def names(self) -> list[bytes]:
        """The bytes of all keys, in order."""
        ends = self._parts["offsets"].tolist()
        text = self._parts["bytes"].tobytes()
        return [text[start:end] for start, end in pairwise(ends)]

    def write(self, folder: Path, prefix: str) -> None:
        """Writes ``<prefix>-<part>.npy`` for each part."""
        for name in PARTS:
            write_array(folder / f"{prefix}-{name}.npy", self._parts[name])

    @classmethod
    def open(cls, folder: Path, prefix: str) -> KeyTable:
        """Maps what ``write`` wrote."""
        return cls({name: open_array(folder / f"{prefix}-{name}.npy") for name in PARTS})


def open_array(path: Path) -> NDArray[Any]:
    """An array of ``write_array``, memory-mapped unless it is small; ValueError where the file is none."""
    mode: Any = "r" if path.stat().st_size > SMALL else None
    found: NDArray[Any] = np.load(path, mmap_mode=mode, allow_pickle=False)
    return found
