"""A machine that ran out of something, told from a bug."""

from __future__ import annotations

import errno
import re
import tempfile
from typing import Final

from ml8s.errors import ML8sError, StepDied, StoreFull
from ml8s.storage.files import FULL

# numpy says no more than this, and gives no number, when the disk takes only a part of an array.
_NUMPY_CUT_SHORT: Final = re.compile(r"\d+ requested and \d+ written")


def exhausted(error: BaseException, where: str) -> ML8sError | None:
    """The error for a machine without space, quota or memory; None for any other exception, which may be a bug.

    Args:
        error: what a step raised.
        where: the run or step that it happened in.
    """
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return StepDied("there is not enough memory", where=where, cure="free memory, or use a larger machine")
    if not isinstance(error, OSError):
        return None
    scratch = tempfile.gettempdir()
    if error.errno == errno.EFBIG:
        return StoreFull(
            f"a file for {where} would be larger than the system lets this process write",
            where=scratch,
            cure="raise the limit (`ulimit -f`), or name a folder on another file system in TMPDIR",
        )
    if error.errno in FULL or _NUMPY_CUT_SHORT.fullmatch(str(error)):
        return StoreFull(
            "no space is left for scratch", where=scratch, cure="free space there, or name another in TMPDIR"
        )
    return None
