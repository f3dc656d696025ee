"""What a step's container says: lines for a person that the follower of a run reads as well.

``progress: 12/50 trials; roc_auc 0.93``, ``warning: …``, and once, when it fails, what failed and its cure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ml8s.errors import InternalError, ML8sError
from ml8s.steps.context import Progress

MOST_PROBLEMS: Final = 8
LONGEST_FAILURE: Final = 3500  # Kubernetes keeps 4,096 bytes of a container's last words
_LONGEST_PART: Final = 900
_PROGRESS = re.compile(r"progress: (?P<done>\d+)(?:/(?P<total>\d+))? ?(?P<unit>[^;]*)(?:; (?P<best>.*))?")
_WARNING: Final = "warning: "
_FAILURE = re.compile(
    r"(?P<code>ML8S-[A-Z]\d{3}): (?P<message>[^\n]*)"
    r"(?:\n  at (?P<where>[^\n]*))?(?P<problems>(?:\n  - [^\n]*)*)(?:\n  cure: (?P<cure>[^\n]*))?"
)


@dataclass(frozen=True, slots=True)
class Failure:
    """What a container's last words say: the parts of an error."""

    code: str
    message: str
    where: str
    cure: str
    problems: tuple[str, ...] = ()

    def error(self) -> ML8sError:
        """The error of this code, to be raised once more; an unknown code is of another version of ML8s."""
        from ml8s.errors import InputMissing, Problem

        kind = {each.code: each for each in _leaves(ML8sError)}.get(self.code, InternalError)
        if issubclass(kind, InputMissing):
            return InputMissing(self.message, producer="", where=self.where, cure=self.cure)
        problems = [Problem(text) for text in self.problems]
        return kind(self.message, where=self.where, cure=self.cure, problems=problems)


def progress_line(progress: Progress) -> str:
    """The line that tells a step's progress."""
    total = "" if progress.total is None else f"/{progress.total}"
    best = f"; {_line(progress.best)}" if progress.best else ""
    return f"progress: {progress.done}{total} {_line(progress.unit).replace(';', ',')}{best}"


def read_progress(line: str) -> Progress | None:
    """The progress that a line tells; None where it is another line."""
    match = _PROGRESS.fullmatch(line)
    if match is None:
        return None
    total = None if match["total"] is None else int(match["total"])
    return Progress(int(match["done"]), total, match["unit"], match["best"] or "")


def warning_line(text: str) -> str:
    """The line that tells a warning."""
    return f"{_WARNING}{_line(text)}"


def read_warning(line: str) -> str | None:
    """The warning that a line tells; None where it is another line."""
    return line.removeprefix(_WARNING) if line.startswith(_WARNING) else None


def failure_text(error: ML8sError) -> str:
    """An error in few lines: code and message, place, the first problems, cure. Fits into what Kubernetes keeps."""
    lines = [f"{error.code}: {_line(error.message)}"]
    lines += [f"  at {_line(error.where)}"] if error.where else []
    cure = f"  cure: {_line(error.cure)}"
    for problem in error.problems[:MOST_PROBLEMS]:
        more = f"  - {_line(f'{problem.where}: {problem.message}' if problem.where else problem.message)}"
        if len("\n".join([*lines, more, cure]).encode()) <= LONGEST_FAILURE:
            lines.append(more)
    return "\n".join([*lines, cure])


def read_failure(text: str) -> Failure | None:
    """What the last words in a text say, whatever stands before them; None where there are none."""
    match = _FAILURE.search(text)
    if match is None:
        return None
    problems = tuple(line.removeprefix("  - ") for line in match["problems"].split("\n") if line)
    return Failure(match["code"], match["message"], match["where"] or "", match["cure"] or "", problems)


def _line(text: str) -> str:
    """Text on one line of a bounded number of bytes."""
    flat = " ".join(text.splitlines()) if "\n" in text or "\r" in text else text
    flat = "".join(character if character.isprintable() else "?" for character in flat)
    content = flat.encode("utf-8", "replace")
    return flat if len(content) <= _LONGEST_PART else f"{content[:_LONGEST_PART].decode('utf-8', 'ignore')}…"


def _leaves(root: type[ML8sError]) -> Iterator[type[ML8sError]]:
    for child in root.__subclasses__():
        yield child
        yield from _leaves(child)
