"""What an exception that is no error of ML8s becomes: a machine that ran out of something, told from a bug."""

from __future__ import annotations

import errno
import re
import tempfile
from collections.abc import Callable
from typing import Final

from ml8s.bug import internal_error
from ml8s.errors import ML8sError, StepDied, StoreFull
from ml8s.storage.files import FULL

# numpy says no more than this, and gives no number, when the disk takes only a part of an array.
_NUMPY_CUT_SHORT: Final = re.compile(r"\d+ requested and \d+ written")


def as_error(
    error: BaseException,
    where: str,
    *,
    place: str = "",
    bug: Callable[[BaseException], ML8sError] = internal_error,
) -> ML8sError:
    """The error that ends a command, run or step: its own, one of the machine, or a bug of ML8s.

    Args:
        error: what was raised.
        where: the command, run or step that it happened in.
        place: the folder that was written to; the machine's temporary one where not given.
        bug: writes down what nothing expected.
    """
    return error if isinstance(error, ML8sError) else exhausted(error, where, place) or bug(error)


def exhausted(error: BaseException, where: str, place: str = "") -> ML8sError | None:
    """The error for a machine without space, quota or memory; None for any other exception, which may be a bug.

    Args:
        error: what a step raised.
        where: the command, run or step that it happened in.
        place: the folder that was written to; the machine's temporary one where not given.
    """
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return StepDied(
            "there is not enough memory", where=where, cure="free memory, use a larger machine, or send less at once"
        )
    if not isinstance(error, OSError):
        return None
    scratch = place or tempfile.gettempdir()
    cure = "or name another folder" if place else "or name another in TMPDIR"
    if error.errno == errno.EFBIG:
        return StoreFull(
            f"a file for {where} would be larger than the system lets this process write",
            where=scratch,
            cure=f"raise the limit (`ulimit -f`), {cure} on another file system",
        )
    if error.errno in FULL or _NUMPY_CUT_SHORT.fullmatch(str(error)):
        return StoreFull(f"no space is left for {where}", where=scratch, cure=f"free space there, {cure}")
    return None
