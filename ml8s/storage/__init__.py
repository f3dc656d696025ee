"""Stores: a folder or an S3 bucket behind one protocol, and content-addressed blobs in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml8s.storage.identities import Purpose

if TYPE_CHECKING:
    from ml8s.storage.store import Store, StoredObject

__all__ = ["Purpose", "Store", "StoredObject", "open_store"]


def open_store(uri: str, purpose: Purpose = Purpose.STORE) -> Store:
    """The store at an address: a folder, ``file://`` or ``s3://bucket/prefix``.

    Touches neither disk nor network: a folder appears with its first object, and an address that does not answer
    shows at the first operation. S3 takes endpoint, region and credentials from the usual ``AWS_*`` variables, or from
    those of the purpose where they are set (``ml8s.storage.identities``).

    Raises:
        InvalidStoreUri: the address is none that ML8s reads, or names a file.
    """
    from ml8s.storage.uri import FolderAddress, parse_address

    address = parse_address(uri)
    if isinstance(address, FolderAddress):
        from ml8s.storage.local import FolderStore

        return FolderStore(address)
    from ml8s.storage.s3 import S3Store

    return S3Store(address, purpose)


def __getattr__(name: str) -> object:
    if name in __all__:
        from ml8s.storage import store

        return getattr(store, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
