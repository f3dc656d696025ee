"""What an unexpected exception becomes: one line for the reader, and a file with the traceback for who mends it."""

from __future__ import annotations

import os
import sys

from ml8s.errors import InternalError
from ml8s.redaction import hide_secrets

_LONGEST = 200


def internal_error(bug: BaseException, step: str = "") -> InternalError:
    """Writes the traceback into a file that only its owner may read, and answers the error that names it.

    Args:
        bug: an exception that nothing expected.
        step: the step that it came from, where there is one.
    """
    import tempfile
    import traceback

    from ml8s import __version__

    text = f"ml8s {__version__}, Python {sys.version}\n{''.join(traceback.format_exception(bug))}"
    try:
        handle, path = tempfile.mkstemp(prefix="ml8s-traceback-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(hide_secrets(text))
    except OSError as reason:
        path = f"(no file could be written: {reason.strerror})"
    first_line = (str(bug).splitlines() or [""])[0][:_LONGEST]
    place = f" in {step}" if step else ""
    return InternalError(
        f"a bug of ML8s{place}: {type(bug).__name__}: {first_line}", where=path, cure="please report it with that file"
    )
