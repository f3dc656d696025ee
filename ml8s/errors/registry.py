"""Errors of models and runs."""

from __future__ import annotations

from ml8s.errors.base import ML8sError


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
