"""Errors of a step of the pipeline."""

from __future__ import annotations

from ml8s.errors.base import ML8sError


class StepError(ML8sError):
    """A step could not do its work."""

    code = "ML8S-S000"


class GateFailed(StepError):
    """The model was evaluated and is not good enough: nothing is registered, the report is there to read."""

    code = "ML8S-S001"
    exit_status = 1


class InputMissing(StepError):
    """A blob that a step needs is missing or damaged; the step that made it runs once more."""

    code = "ML8S-S002"
    exit_status = 6

    def __init__(self, message: str, *, producer: str, cure: str, where: str = "") -> None:
        super().__init__(message, cure=cure, where=where)
        self.producer = producer

    @property
    def container_status(self) -> int:
        """76: not retried by the workflow engine; the producer must run first."""
        return 76


class EnvironmentNotPinned(StepError):
    """The process that trains or scores lacks the environment that makes results equal everywhere."""

    code = "ML8S-S003"
    exit_status = 70


class DeterminismViolation(StepError):
    """Two results exist for one step key: both are kept, nothing that depends on them runs."""

    code = "ML8S-S004"
    exit_status = 6


class ModelFileRefused(StepError):
    """A model file is not one of the formats that ML8s writes, or is damaged."""

    code = "ML8S-S005"
    exit_status = 6


class SearchFailed(StepError):
    """No trial of a search gave a model."""

    code = "ML8S-S006"
    exit_status = 2


class LineageRefused(StepError):
    """The verdict was not made for this model, on these folds, under this evaluation section."""

    code = "ML8S-S007"
    exit_status = 2


class Interrupted(StepError):
    """Ctrl-C: what was finished is kept, the same command goes on from there."""

    code = "ML8S-S008"
    exit_status = 130


class Terminated(StepError):
    """SIGTERM: what was finished is kept, the same command goes on from there."""

    code = "ML8S-S009"
    exit_status = 143


class InternalError(StepError):
    """A bug of ML8s; the file named holds the traceback."""

    code = "ML8S-S010"
    exit_status = 70


class StepDied(StepError):
    """The process of a step was killed or ended without an answer, mostly because memory ran out."""

    code = "ML8S-S011"
    exit_status = 3


class LibraryMissing(StepError):
    """A library that a step or a store needs is not installed here."""

    code = "ML8S-S012"
    exit_status = 2
