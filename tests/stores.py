"""Fixtures of stores: a folder, a fresh bucket and a fresh container of real HTTP servers on loopback."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml8s.storage import open_store
from ml8s.storage.store import Store
from tests.azurite_server import PRESENT, azure_environment, azurite, make_container
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


STORES = ("file", "s3", *(["azure"] if PRESENT else []))
"""Azure's emulator needs node: where `make azurite` found none, the summary of the tests says so."""


@pytest.fixture(scope="session")
def azure_endpoint() -> Iterator[str]:
    with azurite() as endpoint:
        yield endpoint


@pytest.fixture
def container(azure_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in azure_environment(azure_endpoint).items():
        monkeypatch.setenv(name, value)
    name = f"container-{uuid.uuid4().hex[:12]}"
    make_container(azure_endpoint, name)
    return name


def address(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh store of a kind."""
    if kind == "file":
        return str(tmp_path / "store")
    if kind == "azure":
        return f"abfs://{request.getfixturevalue('container')}/some/prefix"
    return f"s3://{request.getfixturevalue('bucket')}/some/prefix"


@pytest.fixture(params=STORES)
def store_uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return address(request.param, request, tmp_path)


@pytest.fixture
def store(store_uri: str) -> Store:
    return open_store(store_uri)
