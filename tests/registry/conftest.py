"""The stores that these tests run on: the one contract is shown elsewhere, so Azure's takes part in test-all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stores import STORES, address, azure_endpoint, bucket, container, s3_endpoint, store

__all__ = ["azure_endpoint", "bucket", "container", "s3_endpoint", "store", "store_uri"]


@pytest.fixture(params=[pytest.param(kind, marks=[pytest.mark.slow] * (kind == "azure")) for kind in STORES])
def store_uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return address(request.param, request, tmp_path)
