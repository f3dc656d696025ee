"""What every error of ML8s is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

_NOTED = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """One of several problems that an error reports at once.

    ``where`` is ``file:line:column`` or ``table:column``; ``excerpt`` the file's line with a caret below, or empty.
    """

    message: str
    where: str = ""
    cure: str = ""
    excerpt: str = ""


class ML8sError(Exception):
    """What every error of ML8s is.

    Args:
        message: what is wrong, in one sentence that names the object.
        where: the file, address, step or model that it is about.
        cure: what to do next.
        problems: all the single problems, where the error sums up several.
    """

    code: ClassVar[str] = "ML8S-S000"
    exit_status: ClassVar[int] = 70

    def __init__(self, message: str, *, cure: str, where: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.cure = cure
        self.problems = tuple(problems)
        # A traceback in a notebook shows notes below the message.
        for problem in self.problems[:_NOTED]:
            self.add_note(": ".join(part for part in (problem.where, problem.message) if part))
        for name, text in (("at", where), ("cure:", cure)):
            if text:
                self.add_note(f"{name} {text}")

    @property
    def container_status(self) -> int:
        """The exit status inside a step's container, which a retry policy reads."""
        return 10 if self.exit_status == 1 else self.exit_status
