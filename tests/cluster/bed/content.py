"""Keys of cached things: equal content, equal key."""

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path


def key(parts: Iterable[str | bytes]) -> str:
    """Return 16 hex digits that depend on every part and on their borders."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()[:16]


def files_of(folder: Path) -> list[str | bytes]:
    """Return names and contents of a folder's files, in the order of names."""
    parts: list[str | bytes] = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        parts += [str(path.relative_to(folder)), path.read_bytes()]
    return parts


def keep_latest(folder: Path, pattern: str, count: int = 2) -> None:
    """Remove all but the latest cached things of one pattern, so that the cache stays bounded."""
    found = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime_ns)
    for path in found[:-count]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
