"""Stores: a folder, an S3 bucket or an Azure container behind one protocol, and content-addressed blobs in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml8s.storage.identities import Purpose

if TYPE_CHECKING:
    from ml8s.storage.store import Store, StoredObject

__all__ = ["Purpose", "Store", "StoredObject", "open_store"]


def open_store(uri: str, purpose: Purpose = Purpose.STORE) -> Store:
    """The store at an address: a folder, ``file://``, ``s3://bucket/prefix`` or ``abfs://container/prefix``.

    Touches neither disk nor network: a folder appears with its first object, and an address that does not answer
    shows at the first operation. S3 takes endpoint, region and credentials from the usual ``AWS_*`` variables, or from
    those of the purpose where they are set (``ml8s.storage.identities``); Azure account and credentials from
    ``AZURE_STORAGE_*``.

    Raises:
        InvalidStoreUri: the address is none that ML8s reads, or names a file.
    """
    from ml8s.storage.uri import BucketAddress, FolderAddress, parse_address

    address = parse_address(uri)
    if isinstance(address, FolderAddress):
        from ml8s.storage.local import FolderStore

        return FolderStore(address)
    if isinstance(address, BucketAddress):
        from ml8s.storage.s3 import s3_store

        return s3_store(address, purpose)
    from ml8s.storage.azure import azure_store

    return azure_store(address)


def __getattr__(name: str) -> object:
    if name in __all__:
        from ml8s.storage import store

        return getattr(store, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
