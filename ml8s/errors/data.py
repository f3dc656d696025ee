"""Errors of the snapshot, its schema and rows to predict: exit 2."""

from __future__ import annotations

from collections.abc import Mapping

from ml8s.errors.base import ML8sError


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


class AggregatesRefused(DataError):
    """Aggregates over earlier rows cannot be made as ``feature_engineering`` asks: no time, no such key, too many."""

    code = "ML8S-D013"


class StateNotRefreshed(DataError):
    """The lookup state of a model cannot be made from this snapshot."""

    code = "ML8S-D014"
