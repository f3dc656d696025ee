"""A real job of micro size, killed at sampled calls of its store and at random moments; damaged behind its back."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ml8s.config.loader import load_config
from ml8s.runner import training
from ml8s.runner.cache import Result
from ml8s.runner.training import Request, train
from ml8s.storage import open_store
from ml8s.storage.blobs import blob_key, read_manifest
from ml8s.storage.store import Store
from tests.crash.mortal import MortalStore, begun_in_a_fork, in_a_fork, mortal_opener, waited
from tests.crash.soundness import assert_sound, results
from tests.crash.test_healing import DAMAGES, MANIFEST, damage
from tests.determinism.jobs import Job, make_job
from tests.s3_server import mark_probed

Recorder = Callable[[str, object], None]

ROWS = 300
POINTS = 20
RANDOM_KILLS = 30


@dataclass
class Bench:
    """Runs of one job in forked children: this process has loaded what they need, and never trains itself."""

    job: Job
    address: Callable[[str], str]
    expected: dict[str, dict[str, str]] = field(default_factory=dict)
    seconds: float = 0.0
    calls: int = 0

    def train(self, name: str, *, verify: bool = False) -> None:
        loaded = load_config(str(self.job.config), self.job.overrides)
        trained = train(Request(loaded, self.address(name), slots=1, verify=verify))
        assert trained.model_id is not None

    def counted(self, name: str, dies_at: int, *, after: bool) -> int | None:
        """Runs with a store that kills at its n-th call; gives the number of calls of a run that outlives it."""

        def run() -> int:
            opened: list[MortalStore] = []
            training.open_store = mortal_opener(dies_at, after=after, opened=opened)  # type: ignore[assignment]
            self.train(name)
            return max(store.calls for store in opened)

        return in_a_fork(run)

    def begin(self) -> None:
        """The reference: what an undisturbed run makes, how long it takes, how often it calls the store."""
        began = time.monotonic()
        self.calls = self.counted("reference", 0, after=False) or 0
        self.seconds = time.monotonic() - began
        self.expected = results(self.store("reference"))
        assert len(self.expected) >= 6

    def after_a_death(self, name: str) -> None:
        """What lies in a store after a death is sound, and the next run ends as the reference did."""
        assert assert_sound(self.store(name))["records"] <= 1
        self.again(name)

    def again(self, name: str, *, verify: bool = False) -> None:
        """Runs in a store whatever happened to it before: one record, and the digests of the reference."""
        store = self.store(name)
        assert in_a_fork(lambda: self.train(name, verify=verify) or 0) == 0
        kinds = assert_sound(store)
        assert (kinds["claims"], kinds["records"], kinds["events"]) == (1, 1, 1)
        assert results(store) == self.expected

    def store(self, name: str) -> Store:
        return open_store(self.address(name))


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    import ml8s.steps.evaluate
    import ml8s.steps.featurize
    import ml8s.steps.search
    import ml8s.steps.select
    import ml8s.steps.split
    import ml8s.steps.validate  # noqa: F401

    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    return make_job("species", tmp_path / "job", ROWS).but("automl.max_trials=1")


@pytest.fixture(params=["file", "s3"])
def bench(request: pytest.FixtureRequest, job: Job, tmp_path: Path) -> Bench:
    if request.param == "file":
        made = Bench(job, lambda name: str(tmp_path / "stores" / name))
    else:
        bucket = request.getfixturevalue("bucket")

        def probed(name: str) -> str:
            uri = f"s3://{bucket}/{name}"
            mark_probed(open_store(uri))
            return uri

        made = Bench(job, probed)
    made.begin()
    return made


@pytest.mark.slow
def test_a_real_job_killed_at_sampled_calls_of_its_store_is_run_again(bench: Bench, record_property: Recorder) -> None:
    killed = 0
    for number in range(POINTS):
        point = 1 + (bench.calls - 1) * number // (POINTS - 1)
        killed += bench.counted(f"point-{number}", point, after=bool(number % 2)) is None
        bench.after_a_death(f"point-{number}")
    # Progress is written by the clock, so that a run may end with some calls fewer than the reference had.
    assert killed >= POINTS - 2
    where = "a bucket" if "://" in bench.address("reference") else "a folder"
    record_property("figures", f"a real job killed at {killed} of its {bench.calls} calls of {where}")


@pytest.mark.slow
def test_a_real_job_killed_from_outside_at_random_is_run_again(
    job: Job, tmp_path: Path, record_property: Recorder
) -> None:
    bench = Bench(job, lambda name: str(tmp_path / "stores" / name))
    bench.begin()
    chance, ends = random.Random(11), Counter[str]()
    for number in range(RANDOM_KILLS):
        child = begun_in_a_fork(lambda name=f"kill-{number}": bench.train(name))  # type: ignore[misc]
        time.sleep(chance.uniform(0.0, bench.seconds))
        os.kill(child, signal.SIGKILL)
        ends["killed" if os.WIFSIGNALED(waited(child)) else "done before"] += 1
        bench.after_a_death(f"kill-{number}")
    assert ends["killed"] >= RANDOM_KILLS // 2
    record_property("figures", f"a real job killed from outside at {RANDOM_KILLS} random moments: {dict(ends)}")


@pytest.mark.slow
def test_every_artifact_of_a_real_job_heals(job: Job, tmp_path: Path, record_property: Recorder) -> None:
    bench = Bench(job, lambda name: str(tmp_path / "stores" / name))
    bench.begin()
    root, store = Path(bench.address("reference")), bench.store("reference")
    outputs = {
        port: digest
        for item in store.list("cache/")
        if not item.key.startswith("cache/snapshots/")
        for port, digest in Result.from_bytes(store.get(item.key)).outputs.items()
    }
    blobs = [
        (port, name, root / blob_key(digest))
        for port, artifact in sorted(outputs.items())
        for name, digest in [*((f.path, f.sha256) for f in read_manifest(store, artifact).files), (MANIFEST, artifact)]
    ]
    for number, (port, name, blob) in enumerate(blobs):
        content, how = blob.read_bytes(), DAMAGES[number % len(DAMAGES)] if blob.stat().st_size else "removed"
        damage(blob, how)
        bench.again("reference", verify=how == "flipped")
        assert blob.read_bytes() == content, f"{name} of {port}, {how}"
    record_property("figures", f"{len(blobs)} blobs of {len(outputs)} artifacts of a real job damaged and made again")
