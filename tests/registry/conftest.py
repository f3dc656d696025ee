"""The stores that these tests run on."""

from __future__ import annotations

from tests.stores import azure_endpoint, bucket, container, s3_endpoint, store, store_uri

__all__ = ["azure_endpoint", "bucket", "container", "s3_endpoint", "store", "store_uri"]
