"""A disk that is really full, a small tmpfs: the run ends with StoreFull, and goes on where room was made."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ml8s.errors import StoreFull
from ml8s.storage import open_store
from tests.crash.small_disk import End, on_a_small_disk
from tests.crash.soundness import results
from tests.determinism.jobs import Job, make_job
from tests.runner.desk import Desk

Recorder = Callable[[str, object], None]

KIB = 1024
ROWS = 300
STUB = """
import sys
from pathlib import Path
import ml8s.cli
from tests.runner.desk import Desk

ml8s.cli._invoke = lambda _: print(Desk(Path(sys.argv[1])).train(slots=1, store=sys.argv[2]).model_id) or 0
sys.exit(ml8s.cli.main([]))
"""


def assert_full_then_done(first: End, second: End, expected: dict[str, dict[str, str]], place: Path) -> None:
    """The first run said that the disk is full, and the second ended as an undisturbed one."""
    assert first.status == StoreFull.exit_status == 3, first.said
    assert f"error {StoreFull.code}: no space is left for " in first.said
    assert str(place) in first.said
    assert "cure: " in first.said
    assert "Traceback" not in first.said
    assert first.kinds.get("records", 0) == 0
    assert first.results.items() <= expected.items(), "what was done before stays, whole"
    assert second.status == 0, second.said
    assert second.results == expected
    assert (second.kinds["claims"], second.kinds["records"], second.kinds["events"]) == (1, 1, 1)


@pytest.mark.parametrize("free", [0, 8 * KIB, 40 * KIB])
def test_a_store_on_a_full_disk_is_named_and_the_next_run_goes_on(desk: Desk, free: int) -> None:
    desk.train(slots=1, store=str(desk.root / "reference"))
    expected = results(open_store(str(desk.root / "reference")))
    place = desk.root / "disk"
    command = [sys.executable, "-c", STUB, str(desk.root), str(place / "store")]
    first, second = on_a_small_disk(place, "size=2m", free, command, place / "store")
    assert_full_then_done(first, second, expected, place)


class Micro:
    """A real job of micro size by the installed command, and what it makes where nothing disturbs it."""

    def __init__(self, job: Job, folder: Path) -> None:
        self.job = job
        reference = folder / "reference"
        subprocess.run(self.command(reference), check=True, capture_output=True)
        self.expected = results(open_store(str(reference)))
        assert len(self.expected) >= 6

    def command(self, store: Path) -> list[str]:
        values = [word for value in self.job.overrides for word in ("--set", value)]
        installed = str(Path(sys.executable).with_name("ml8s"))
        return [installed, "run", str(self.job.config), "--local", *values, "--store", str(store)]


@pytest.fixture(scope="module")
def micro(tmp_path_factory: pytest.TempPathFactory) -> Micro:
    folder = tmp_path_factory.mktemp("micro")
    return Micro(make_job("species", folder / "job", ROWS).but("automl.max_trials=1"), folder)


@pytest.mark.slow
@pytest.mark.parametrize("free", [32 * KIB, 128 * KIB, 256 * KIB, 320 * KIB])
def test_a_real_job_on_a_full_disk_goes_on(micro: Micro, free: int, tmp_path: Path, record_property: Recorder) -> None:
    place = tmp_path / "disk"
    first, second = on_a_small_disk(place, "size=4m", free, micro.command(place / "store"), place / "store")
    assert_full_then_done(first, second, micro.expected, place)
    record_property("figures", f"a disk with {free // KIB} KiB left: {len(first.results)} results before it was full")


@pytest.mark.slow
def test_a_real_job_on_a_disk_without_names_for_more_files_goes_on(micro: Micro, tmp_path: Path) -> None:
    place = tmp_path / "disk"
    first, second = on_a_small_disk(
        place, "size=4m,nr_inodes=60", None, micro.command(place / "store"), place / "store"
    )
    assert_full_then_done(first, second, micro.expected, place)


@pytest.mark.slow
def test_a_real_job_whose_scratch_is_full_goes_on(
    micro: Micro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, store = tmp_path / "disk", tmp_path / "store"
    monkeypatch.setenv("TMPDIR", str(place))
    first, second = on_a_small_disk(place, "size=2m", 12 * KIB, micro.command(store), store)
    assert_full_then_done(first, second, micro.expected, place)
    assert [*place.iterdir()] == [], "the disk was seen by that process alone"
