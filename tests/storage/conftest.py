"""The stores that these tests run on, as they are and behind a proxy that fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ml8s.storage import objects, open_store, s3
from ml8s.storage.store import Store
from tests.azurite_server import PRESENT
from tests.storage.faulty_proxy import FaultyProxy, faulty_proxy
from tests.storage.providers import PROVIDERS, Provider
from tests.stores import azure_endpoint, bucket, container, s3_endpoint, store, store_uri

__all__ = ["azure_endpoint", "bucket", "container", "s3_endpoint", "store", "store_uri"]

collect_ignore = [] if PRESENT else ["test_azure_faults.py"]


@pytest.fixture(params=PROVIDERS, ids=[each.scheme for each in PROVIDERS])
def provider(request: pytest.FixtureRequest) -> Provider:
    """Each provider of object stores; files about one provider have a fixture of this name."""
    chosen: Provider = request.param
    return chosen


@pytest.fixture
def uri(provider: Provider, request: pytest.FixtureRequest) -> str:
    """A prefix of a fresh bucket of the provider, which the environment leads to."""
    return f"{provider.scheme}://{request.getfixturevalue(provider.bucket)}/prefix"


@pytest.fixture
def sound(uri: str) -> Store:
    """The store there, by a client of its own."""
    return open_store(uri)


@pytest.fixture
def proxy(
    provider: Provider, uri: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FaultyProxy]:
    """What stands between the store and its server, with short pauses between attempts."""
    monkeypatch.setattr(objects, "PAUSE_SECONDS", 0.01)
    with faulty_proxy(request.getfixturevalue(provider.endpoint)) as proxy:
        for name, value in provider.environment(proxy.url).items():
            monkeypatch.setenv(name, value)
        yield proxy


@pytest.fixture
def faulty(proxy: FaultyProxy, uri: str) -> Store:
    """The store behind the proxy."""
    return open_store(uri)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 stores take files from 5 MiB on apart, into the smallest parts that S3 allows."""
    monkeypatch.setattr(s3, "MULTIPART_ABOVE_BYTES", 5 << 20)
    monkeypatch.setattr(s3, "PART_BYTES", 5 << 20)
