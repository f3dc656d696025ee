"""What a step in a container leaves in ``runs/<attempt>/``: for people, never read as truth.

Several pods of a run work at once and none of them is the run's, so each writes files of its own:
``steps/<task>.json`` says when it worked, in what environment and how it ended, ``steps/<task>.log`` what it told, and
after a refusal ``violations.json`` has every problem, as after a local run.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Final

from ml8s import __version__
from ml8s.artifacts import Json, canonical_json
from ml8s.errors import GateFailed, ML8sError, StoreError
from ml8s.storage.store import Store

VIOLATIONS: Final = "violations.json"


@dataclass
class StepNotes:
    """The notes of one step of one attempt; ``facts`` grows while it works. Without an attempt nothing is written."""

    store: Store
    attempt: str
    task: str
    facts: dict[str, Json] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Writes the notes when the step ends, however it does. A store that does not take them changes nothing."""
        began, clock = datetime.now(UTC), monotonic()
        error: BaseException | None = None
        try:
            yield
        except BaseException as raised:
            error = raised
            raise
        finally:
            if self.attempt and not isinstance(error, StoreError):
                with suppress(StoreError):
                    self._write(_ending(error) | _time(began, monotonic() - clock), error)

    def _write(self, ending: Mapping[str, Json], error: BaseException | None) -> None:
        place = f"runs/{self.attempt}"
        about: dict[str, Json] = {"schema": 1, "attempt": self.attempt, "task": self.task}
        about |= {"ml8s": __version__, "python": platform.python_version(), "host": platform.node()}
        self.store.put(f"{place}/steps/{self.task}.json", canonical_json({**about, **self.facts, **ending}))
        if self.lines:
            self.store.put(f"{place}/steps/{self.task}.log", "".join(f"{line}\n" for line in self.lines).encode())
        problems = violations(error)
        if problems is not None:
            self.store.put(f"{place}/{VIOLATIONS}", canonical_json(problems))


def violations(error: BaseException | None) -> Json:
    """Every problem that an error names, with counts and first rows where it has them; None where it names none."""
    if not isinstance(error, ML8sError):
        return None
    report: Json = getattr(error, "report", None)
    if report is not None or not error.problems:
        return report
    return {"problems": [asdict(problem) for problem in error.problems]}


def _ending(error: BaseException | None) -> dict[str, Json]:
    if error is None:
        return {"outcome": "done", "stopped_by": None}
    if isinstance(error, ML8sError):
        told: Json = {"code": error.code, "message": error.message, "where": error.where, "cure": error.cure}
    else:
        told = {"code": "", "message": f"{type(error).__name__}: {error}", "where": "", "cure": ""}
    return {"outcome": "gate failed" if isinstance(error, GateFailed) else "failed", "stopped_by": told}


def _time(began: datetime, seconds: float) -> dict[str, Json]:
    return {"began": began.isoformat(timespec="milliseconds"), "elapsed": round(seconds, 3)}
