"""Errors of the object store."""

from __future__ import annotations

from ml8s.errors.base import ML8sError


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
