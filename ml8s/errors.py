"""The tree of errors that ML8s raises.

Every error says what is wrong, where, and what to do next; its class has a code and an exit status. ::

    ML8sError
    ├── ConfigError          ML8S-C…   exit 2   the config, or how a command was called
    ├── DataError            ML8S-D…   exit 2   the snapshot, its schema, rows to predict
    ├── StepError            ML8S-S…            a step of the pipeline
    ├── RegistryError        ML8S-R…            models and runs
    ├── StoreError           ML8S-T…            the object store
    └── ClusterError         ML8S-K…   exit 3   Kubernetes, Argo

Exit status: 0 done; 1 the answer is no; 2 the user mends it; 3 unreachable or refused; 4 credentials; 5 a thing is
gone; 6 integrity; 70 a bug; 130 interrupted; 143 terminated. In a container: 10 for 1, 75 temporary, 76 input missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


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

    @property
    def container_status(self) -> int:
        """The exit status inside a step's container, which a retry policy reads."""
        return 10 if self.exit_status == 1 else self.exit_status


class ConfigError(ML8sError):
    """The config, or the way a command was called, must be mended."""

    code = "ML8S-C000"
    exit_status = 2


class ConfigNotFound(ConfigError):
    """No config at this path or address."""

    code = "ML8S-C001"


class ConfigUnreadable(ConfigError):
    """The file is not the plain YAML that a config is: encoding, size, depth, anchors, tags, duplicate keys."""

    code = "ML8S-C002"


class InvalidConfig(ConfigError):
    """The config is readable and its values are not valid; ``problems`` holds every one of them."""

    code = "ML8S-C003"


class UnknownTopic(ConfigError):
    """``ml8s explain`` knows no field, step or code of this name."""

    code = "ML8S-C004"


class InvalidUsage(ConfigError):
    """Options of a command contradict each other or name nothing."""

    code = "ML8S-C005"


class FileExists(ConfigError):
    """A command would overwrite a file of yours; it never does."""

    code = "ML8S-C006"


class DataError(ML8sError):
    """The snapshot, its schema or the rows handed over must be mended."""

    code = "ML8S-D000"
    exit_status = 2


class SnapshotNotFound(DataError):
    """Nothing lies at the config's ``dataset_uri``."""

    code = "ML8S-D001"


class SnapshotIncomplete(DataError):
    """A file that a snapshot must have is missing."""

    code = "ML8S-D002"


class UnreadableTable(DataError):
    """A Parquet file is truncated, encrypted, nested, or no Parquet at all."""

    code = "ML8S-D003"


class InvalidSchema(DataError):
    """``schema.json`` is not a Frictionless Table Schema that ML8s reads, or disagrees with the tables."""

    code = "ML8S-D004"


class ContractViolation(DataError):
    """Rows break the contract of ``schema.json``; ``report`` holds counts and first rows, as JSON."""

    code = "ML8S-D005"
    report: Mapping[str, object]


class UnsuitableTarget(ContractViolation):
    """The target column cannot be learned for this task or metric."""

    code = "ML8S-D006"


class FoldsImpossible(DataError):
    """The snapshot cannot be split as the config asks."""

    code = "ML8S-D007"


class SnapshotChanged(DataError):
    """A file of the snapshot is no longer what was validated."""

    code = "ML8S-D008"


class SnapshotExists(DataError):
    """A snapshot is immutable: nothing is published over it."""

    code = "ML8S-D009"


class InvalidRows(DataError):
    """Rows to predict do not fit the model's features."""

    code = "ML8S-D010"


class TooLarge(DataError):
    """A table is beyond the limits that keep a reader safe (columns, footer, declared size)."""

    code = "ML8S-D011"


class NoFeatures(DataError):
    """No column of the snapshot is left to learn from."""

    code = "ML8S-D012"


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


class RegistryError(ML8sError):
    """Models, records and runs."""

    code = "ML8S-R000"
    exit_status = 5


class ModelNotFound(RegistryError):
    """No model of this id is registered in this store."""

    code = "ML8S-R001"


class RunNotFound(RegistryError):
    """No run of this attempt or run key is in this store."""

    code = "ML8S-R002"


class SnapshotGone(RegistryError):
    """The snapshot that a record names is no longer where it was."""

    code = "ML8S-R003"


class RecordTampered(RegistryError):
    """A record or event does not match its digest or chain."""

    code = "ML8S-R004"
    exit_status = 6


class UnknownRecordSchema(RegistryError):
    """A record or event was written by a newer ML8s."""

    code = "ML8S-R005"
    exit_status = 6


class NotReproduced(RegistryError):
    """A reproduction gave other bytes than the record."""

    code = "ML8S-R006"
    exit_status = 1


class StoreError(ML8sError):
    """The object store."""

    code = "ML8S-T000"
    exit_status = 3


class StoreUnreachable(StoreError):
    """The store does not answer, or not in time."""

    code = "ML8S-T001"


class StoreRefused(StoreError):
    """The store does not keep create-if-absent, on which the registry stands."""

    code = "ML8S-T002"


class AccessDenied(StoreError):
    """The store refuses these credentials, or the folder may not be written."""

    code = "ML8S-T003"
    exit_status = 4


class NoCredentials(StoreError):
    """No credentials for the store were found."""

    code = "ML8S-T004"
    exit_status = 4


class BucketMissing(StoreError):
    """The bucket does not exist."""

    code = "ML8S-T005"


class WrongRegion(StoreError):
    """The bucket is in another region than the one asked."""

    code = "ML8S-T006"


class StoreFull(StoreError):
    """No space or quota is left."""

    code = "ML8S-T007"


class DigestMismatch(StoreError):
    """Content does not match the digest that names it."""

    code = "ML8S-T008"
    exit_status = 6


class InvalidStoreUri(StoreError):
    """The address is none that ML8s reads."""

    code = "ML8S-T009"
    exit_status = 2


class ObjectMissing(StoreError):
    """No object of this key is in the store."""

    code = "ML8S-T010"
    exit_status = 6


class ClusterError(ML8sError):
    """Kubernetes, Argo Workflows or Argo Rollouts."""

    code = "ML8S-K000"
    exit_status = 3
