"""Fixtures of the training tests: step images, and a platform with the fraud example's snapshot."""

from pathlib import Path

import pytest

from ml8s.artifacts import canonical_json
from ml8s.examples.generate import publish
from ml8s.storage import probe
from tests.cluster.bed.cluster import Cluster, Space, create_space
from tests.cluster.bed.home import Home
from tests.cluster.bed.storage import Bucket
from tests.cluster.conftest import Lodge, named
from tests.cluster.train import step_images
from tests.cluster.train.command import User
from tests.cluster.train.platform import ROWS, Platform


@pytest.fixture(scope="session")
def images(cluster: Cluster) -> dict[str, str]:
    """The step images by digest, ready on the node."""
    return step_images.load(cluster.places)


@pytest.fixture
def platform(namespace: Space, bucket: Bucket, images: dict[str, str], tmp_path: Path) -> Platform:
    """A platform in the test's namespace."""
    return _made(namespace, bucket, images, tmp_path)


@pytest.fixture
def user(platform: Platform) -> User:
    """Someone who trains on the test's own platform."""
    return User(platform)


@pytest.fixture(scope="module")
def team(cluster: Cluster, lodge: Lodge, request: pytest.FixtureRequest) -> Home:
    """A namespace and a prefix for all tests of a file."""
    home = named(request.path.stem)
    request.addfinalizer(Bucket(prefix=home.prefix).remove)
    lodge(request, home)
    create_space(cluster, home.name, home.prefix, home.name)
    return home


@pytest.fixture(scope="module")
def colleague(team: Home, images: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> User:
    """Someone who trains on the platform that the tests of a file share."""
    folder = tmp_path_factory.mktemp("team")
    return User(_made(team.spaces[0], Bucket(prefix=team.prefix), images, folder))


def _made(space: Space, bucket: Bucket, images: dict[str, str], folder: Path) -> Platform:
    publish("fraud", folder / "data", rows=ROWS)
    found = Platform(space, bucket, folder, images)
    found.prepare()
    # The bed has let 16 writers race on this server already; 3,200 writes more would prove nothing here.
    store = found.opened()
    store.put(probe.RESULT, canonical_json({"endpoint": store.endpoint, "keys": probe.KEYS, "version": probe.VERSION}))
    return found
