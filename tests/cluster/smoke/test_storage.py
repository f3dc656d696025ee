"""The bed's own S3 server keeps create-if-absent under races; one that does not is found out."""

import json
import os
import subprocess
import sys
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


def doctor(bucket: Bucket) -> tuple[int, dict[str, str]]:
    """How `ml8s doctor storage` ends for a server, and the row that it prints."""
    argv = [sys.executable, "-m", "ml8s", "doctor", "storage", "--store", f"{bucket.uri}/store", "-o", "json"]
    env = {**os.environ, "AWS_ENDPOINT_URL": bucket.endpoint}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=300, check=False)
    [row] = json.loads(done.stdout)
    return done.returncode, row


def test_the_products_own_probe_passes_minio(bucket: Bucket) -> None:
    status, row = doctor(bucket)
    assert (status, row["state"]) == (0, "ok"), row
    assert "keeps create-if-absent on 200 keys among 16 writers" in row["found"]
    assert bucket.names() == []


def test_the_products_own_probe_refuses_versitygw(versitygw: Bucket) -> None:
    status, row = doctor(versitygw)
    assert (status, row["state"]) == (3, "failed"), row
    assert "of 16 writers win one key at the same time" in row["found"]
    assert "a current MinIO" in row["cure"]
