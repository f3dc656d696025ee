"""The bed's own S3 server keeps create-if-absent under races; one that does not is found out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.bed import daemons, probe
from tests.cluster.bed.cluster import Cluster
from tests.cluster.bed.daemons import Daemon
from tests.cluster.bed.places import ACCESS_KEY, HOST, SECRET_KEY
from tests.cluster.bed.storage import REGION, Bucket


@pytest.fixture
def versitygw(cluster: Cluster, tmp_path: Path) -> Iterator[Bucket]:
    """A bucket of versitygw, an S3 server on a folder."""
    address = f"{HOST}:7075"
    (tmp_path / "data").mkdir()
    program = str(cluster.programs["versitygw"])
    argv = (program, "--port", address, "--region", REGION, "posix", str(tmp_path / "data"))
    started = daemons.start(
        cluster.places, Daemon("versitygw", argv, {"ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY})
    )
    bucket = Bucket(f"http://{address}", "probe")
    cluster.wait("versitygw", bucket.answers)
    bucket.make()
    yield bucket
    daemons.stop(started)
    daemons.forget(cluster.places, "versitygw")


def test_minio_lets_exactly_one_of_16_writers_win_on_200_keys(bucket: Bucket) -> None:
    assert probe.prove(bucket) == probe.Proof(keys=200, writers=16)
    assert bucket.names() == []


def test_versitygw_is_refused_for_its_race(versitygw: Bucket) -> None:
    with pytest.raises(probe.Refused, match="of 16 simultaneous creates won, exactly one may"):
        probe.prove(versitygw)
