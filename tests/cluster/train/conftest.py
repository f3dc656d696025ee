"""Fixtures of the training tests: step images, and a platform with the fraud example's snapshot."""

from pathlib import Path

import pytest

from ml8s.examples.generate import publish
from tests.cluster.bed.cluster import Cluster, Space
from tests.cluster.bed.storage import Bucket
from tests.cluster.train import step_images
from tests.cluster.train.platform import ROWS, Platform


@pytest.fixture(scope="session")
def images(cluster: Cluster) -> dict[str, str]:
    """The step images by digest, ready on the node."""
    return step_images.load(cluster.places)


@pytest.fixture
def platform(namespace: Space, bucket: Bucket, images: dict[str, str], tmp_path: Path) -> Platform:
    """A platform in the test's namespace."""
    publish("fraud", tmp_path / "data", rows=ROWS)
    found = Platform(namespace, bucket, tmp_path, images)
    found.prepare()
    return found
