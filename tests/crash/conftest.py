"""A desk of the stub pipeline, an S3 server, and runs that take place in one process."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.runner.conftest import desk  # noqa: F401
from tests.s3_server import make_bucket, s3_environment, s3_server


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def bucket(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in s3_environment(s3_endpoint).items():
        monkeypatch.setenv(name, value)
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    make_bucket(s3_endpoint, name)
    return name
