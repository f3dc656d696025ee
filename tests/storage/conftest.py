"""The stores that these tests run on."""

from __future__ import annotations

from tests.azurite_server import PRESENT
from tests.stores import azure_endpoint, bucket, container, s3_endpoint, store, store_uri

__all__ = ["azure_endpoint", "bucket", "container", "s3_endpoint", "store", "store_uri"]

collect_ignore = [] if PRESENT else ["test_azure_faults.py"]
