"""The stores that these tests run on."""

from __future__ import annotations

from tests.stores import bucket, s3_endpoint, store, store_uri

__all__ = ["bucket", "s3_endpoint", "store", "store_uri"]
