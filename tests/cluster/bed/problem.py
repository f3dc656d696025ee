"""What goes wrong with the bed, in words that say what to do."""

from pathlib import Path


class BedError(Exception):
    """Something failed; the message says what, and what was seen."""


class Impossible(BedError):
    """This machine cannot carry the bed; the message is one line.

    `excusable` is true only where root, Go or network namespaces are missing:
    there a run without the bed is no failure. All else is one.
    """

    def __init__(self, reason: str, *, excusable: bool = False) -> None:
        """Keep the reason, which becomes the one line that is printed."""
        super().__init__(reason)
        self.excusable = excusable


def last_lines(log: Path, count: int = 20) -> str:
    """Return the last `count` lines of a log, indented, with the log's path."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-count:]
    except OSError:
        return f"  (no log at {log})"
    return "\n".join([f"  last lines of {log}:", *(f"    {line}" for line in lines)])
