"""Artifacts: immutable content, named by the sha256 of its manifest.

A manifest lists the files of one artifact (path, size, sha256) with its kind and schema version as canonical
JSON (RFC 8785), so equal content has one name wherever it was made. Digests are 64 lower-case hex digits.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

MANIFEST_SCHEMA: Final = 1
CHUNK_BYTES: Final = 1 << 20
LARGEST_EXACT_INTEGER: Final = 2**53

KINDS: Final = (
    "snapshot",
    "dataset",
    "folds",
    "features",
    "matrix",
    "aggregates",
    "state",
    "candidate",
    "trials",
    "trial_log",
    "model",
    "selection",
    "scores",
    "verdict",
    "metrics",
    "report",
    "profile",
)


def canonical_json(value: Json) -> bytes:
    """The one serialization of a JSON value, by RFC 8785: sorted keys, no spaces, shortest numbers, UTF-8.

    Raises:
        ValueError: NaN, an infinity, or an integer that no double has as its shortest digits: RFC 8785 cannot name
            it. A double at or above 2**53 is written in whole digits, so what was written is always read back.
        TypeError: a value that is not JSON.
    """
    return _canonical_text(value).encode("utf-8")


def _canonical_text(value: Json) -> str:
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return _whole_number(int(value))
    if isinstance(value, float):
        return _ecmascript_number(value)
    if isinstance(value, Mapping):
        # RFC 8785 orders keys by UTF-16 code units, which differs from code points above U+FFFF.
        items = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
        return "{" + ",".join(f"{_canonical_text(k)}:{_canonical_text(v)}" for k, v in items) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(map(_canonical_text, value)) + "]"
    raise TypeError(f"{type(value).__name__} is not JSON")


def _whole_number(value: int) -> str:
    text = str(value)
    if abs(value) > LARGEST_EXACT_INTEGER and (abs(value) >= 10**21 or _ecmascript_number(float(value)) != text):
        raise ValueError(f"{value} is beyond 2**53: a JSON number cannot hold it exactly")
    return text


def _ecmascript_number(value: float) -> str:
    """A float as ECMAScript's Number::toString writes it (ECMA-262, 6.1.6.1.20)."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is not JSON")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, exponent = f"{abs(value)!r}e0".split("e")[:2]
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    # The value is 0.DIGITS * 10**point.
    point = len(whole) + int(exponent) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if count > 1 else ""
    return f"{sign}{digits[0]}{tail}e{point - 1:+d}"


def sha256(data: bytes) -> str:
    """The sha256 of some bytes, as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def json_digest(value: Json) -> str:
    """The sha256 of a value's canonical JSON."""
    return sha256(canonical_json(value))


def file_sha256(path: Path) -> str:
    """The sha256 of a file's content, read once in chunks of 1 MiB."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True, order=True)
class FileEntry:
    """One file of an artifact: its path (relative, with ``/``), size in bytes and sha256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an artifact is made of. ``files`` are sorted by path."""

    kind: str
    files: tuple[FileEntry, ...]

    @property
    def digest(self) -> str:
        """The artifact's name: the sha256 of the manifest's canonical bytes."""
        return sha256(self.to_bytes())

    @property
    def size(self) -> int:
        """The size of all files together, in bytes."""
        return sum(file.size for file in self.files)

    def to_json(self) -> dict[str, Json]:
        """The manifest as JSON."""
        return {
            "kind": self.kind,
            "schema": MANIFEST_SCHEMA,
            "files": [{"path": f.path, "size": f.size, "sha256": f.sha256} for f in self.files],
        }

    def to_bytes(self) -> bytes:
        """The manifest as canonical JSON."""
        return canonical_json(self.to_json())

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Reads a manifest; raises ValueError where it is none, or of another schema version."""
        value = json.loads(data)
        if not isinstance(value, dict) or value.get("schema") != MANIFEST_SCHEMA:
            raise ValueError("not a manifest of schema 1")
        files = (FileEntry(f["path"], f["size"], f["sha256"]) for f in value["files"])
        return cls(value["kind"], tuple(sorted(files)))


def describe_folder(kind: str, folder: Path) -> Manifest:
    """The manifest of all files below a folder; depends on their relative paths and bytes only."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return Manifest(
        kind,
        tuple(
            sorted(
                FileEntry(path.relative_to(folder).as_posix(), path.stat().st_size, file_sha256(path)) for path in files
            )
        ),
    )


def write_json(path: Path, value: Json) -> None:
    """Writes a value as canonical JSON: the one writer of JSON files inside artifacts."""
    path.write_bytes(canonical_json(value))
