"""Files that appear complete or not at all."""

from __future__ import annotations

import errno
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from ml8s.errors import AccessDenied, StoreFull

FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A new file beside ``path`` that takes its place when the block ends without an error.

    Raises:
        StoreFull, AccessDenied: this machine's disk is full, or the folder may not be written.
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with part.open("xb") as file:
            yield file
        part.replace(path)
    except OSError as error:
        if error.errno in FULL:
            raise StoreFull(f"no space is left for {path}", where=str(path), cure="make room and run again") from error
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise AccessDenied(
                f"{path} may not be written", where=str(path), cure="use a folder that you may write"
            ) from error
        raise
    finally:
        with suppress(OSError):
            part.unlink()
