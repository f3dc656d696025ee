"""A desk of the stub pipeline, an S3 server, and runs that take place in one process."""

from __future__ import annotations

from tests.runner.conftest import desk
from tests.stores import bucket, s3_endpoint

__all__ = ["bucket", "desk", "s3_endpoint"]
