"""The lookup state: written from all rows or carried on, and read with numpy alone."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import compute

from ml8s.features.apply import apply
from ml8s.features.as_of_section import used_aggregates, used_entities
from ml8s.features.columns import columns_from_rows
from ml8s.features.lookup import Lookup
from ml8s.features.lookup_writing import write_lookup
from ml8s.features.manifest import FeatureManifest
from ml8s.features.matrix import Source
from ml8s.features.parent_rows import ParentColumn, ParentRows
from ml8s.features.parents import attach_parents
from ml8s.features.past import read_past
from tests.features.snapshots import DAY, START, payments, publish
from tests.steps.test_aggregates import Featurized, times

PRIMITIVES = ["count", "mean", "first", "last", "mode", "num_unique"]


def channels(rows: int) -> pa.Table:
    """Payments through channels of which some come up late, so that codes of texts move."""
    table = payments(rows)
    late = np.where(times(table) >= START + 55 * DAY, "app", np.asarray(table["channel"].to_pylist()))
    return table.set_column(table.column_names.index("channel"), "channel", pa.array(late.tolist()))


class Writing:
    """Writes states of one manifest from other snapshots, as ``features refresh`` does."""

    def __init__(self, folder: Path, manifest: FeatureManifest) -> None:
        self.folder = folder
        self.manifest = manifest

    def state(self, name: str, table: pa.Table, before: str | None = None) -> str:
        """Why it was made anew."""
        dataset = publish(self.folder / f"{name}-snapshot", table)
        entities = used_entities(self.manifest)
        assert entities is not None
        (self.folder / name).mkdir()
        with Source(self.folder / f"{name}-snapshot", dataset) as source:
            attach_parents(source, entities, sorted(self.manifest.as_of_columns))
            past = read_past(source, entities, used_aggregates(self.manifest))
            old = None if before is None else self.folder / before
            return write_lookup(self.folder / name, source, self.manifest, past, {}, before=old)

    def content(self, name: str) -> dict[str, bytes]:
        files = [path for path in (self.folder / name).rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder / name)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> FeatureManifest:
    folder = tmp_path_factory.mktemp("made")
    return Featurized(folder, channels(900), refresh="1d", primitives=PRIMITIVES, windows=["7d", "all"]).manifest


def before(table: pa.Table, day: float) -> pa.Table:
    return table.filter(pa.array(times(table) < START + int(day * DAY)))


def test_a_refresh_goes_on_from_the_sums_and_gives_the_bytes_of_a_state_made_anew(
    tmp_path: Path, manifest: FeatureManifest
) -> None:
    table, writing = channels(900), Writing(tmp_path, manifest)
    shuffled = table.take(pa.array(np.random.default_rng(1).permutation(len(table))))
    assert writing.state("first", before(table, 50)) == "there is no earlier state"
    assert writing.state("second", before(shuffled, 56), "first") == ""
    assert writing.state("third", shuffled, "second") == ""
    assert writing.state("same", table, "third") == ""
    assert writing.state("anew", table) != ""
    assert writing.content("third") == writing.content("same") == writing.content("anew")
    assert writing.content("third") != writing.content("second")


def crowded(rows: int) -> pa.Table:
    """Payments of 60 days, ``rows`` on each of the last ten and 50 on each day before."""
    early, late = payments(50 * 50, days=50), payments(rows * 10, seed=1, days=10)
    at = pa.array(times(late) + 50 * DAY, pa.timestamp("us", tz="UTC"))
    late = late.set_column(late.column_names.index("at"), "at", at)
    number = late.column_names.index("id")
    return pa.concat_tables([early, late.set_column(number, "id", pa.array(np.arange(len(late)) + len(early)))])


@pytest.mark.parametrize("rows", [100, pytest.param(10_500, marks=pytest.mark.slow)])
def test_raw_row_and_state_are_bitwise_the_training_vector_at_ten_boundaries(tmp_path: Path, rows: int) -> None:
    table = crowded(rows)
    made = Featurized(tmp_path / "whole", table, refresh="1d", primitives=PRIMITIVES, windows=["1d", "7d", "all"])
    trained, writing = made.vectors(), Writing(tmp_path, made.manifest)
    earlier: str | None = None
    for day in range(50, 60):
        name = str(day)
        anew = writing.state(name, before(table, day), earlier)
        assert (anew == "") == (day > 50)
        earlier = name
        lookup = Lookup(tmp_path / name, made.manifest)
        asked = (times(table) >= START + day * DAY) & (times(table) < START + (day + 1) * DAY)
        assert asked.sum() > rows / 2
        assert rows < 10_000 or asked.sum() >= 10_000
        filled = lookup.fill(table.filter(pa.array(asked)).to_pylist())
        served = apply(made.manifest, columns_from_rows(filled, made.manifest))
        assert served.tobytes() == trained[asked].tobytes()


def test_it_reads_no_earlier_row_again(
    tmp_path: Path, manifest: FeatureManifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ml8s.features import lookup_writing

    taken: list[int] = []
    original = lookup_writing.refresh_state

    def counted(old: Path, folder: Path, newer: object, *more: object) -> int:
        taken.append(len(newer))  # type: ignore[arg-type]
        return original(old, folder, newer, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(lookup_writing, "refresh_state", counted)
    table, writing = channels(900), Writing(tmp_path, manifest)
    writing.state("first", before(table, 50))
    writing.state("second", table, "first")
    assert taken == [len(table) - len(before(table, 50))]


@pytest.mark.parametrize(
    ("change", "reason"),
    [("amount", "hold other values"), ("late label", "hold other values"), ("row", "the earlier state was made from")],
)
def test_rewritten_history_is_summed_anew_with_the_reason(
    tmp_path: Path, manifest: FeatureManifest, change: str, reason: str
) -> None:
    table, writing = channels(900), Writing(tmp_path, manifest)
    writing.state("first", before(table, 50))
    old = int(np.flatnonzero(times(table) < START + 50 * DAY)[7])
    if change == "row":
        table = table.filter(pa.array(np.arange(len(table)) != old))
    else:
        name = "y" if change == "late label" else "amount"
        values = table[name].to_pylist()
        values[old] = (not values[old]) if name == "y" else 1e6
        table = table.set_column(table.column_names.index(name), name, pa.array(values))
    assert reason in writing.state("second", table, "first")
    writing.state("anew", table)
    assert writing.content("second") == writing.content("anew")


def test_texts_of_the_past_are_served_as_texts(tmp_path: Path, manifest: FeatureManifest) -> None:
    table, writing = channels(900), Writing(tmp_path, manifest)
    writing.state("state", table)
    customer = table.filter(compute.equal(table["customer"], "c03"))
    in_order = customer.sort_by("at")["channel"].to_pylist()
    filled = Lookup(tmp_path / "state", manifest).fill([{"customer": "c03", "shop": 1}, {"customer": "new"}])
    assert filled[0]["customers.LAST(rows.channel) 7d"] == in_order[-1] == "app"
    assert filled[0]["customers.FIRST(rows.channel)"] == in_order[0]
    assert filled[0]["customers.MODE(rows.channel)"] == max(sorted(set(in_order)), key=in_order.count)
    assert filled[1]["customers.LAST(rows.channel) 7d"] is None


READ: str = """
import json, sys
from importlib.abc import MetaPathFinder
class Refuse(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in ("pyarrow", "pandas", "pydantic", "yaml", "sklearn"):
            raise ImportError(f"{name} is not on this server")
sys.meta_path.insert(0, Refuse())
from pathlib import Path
from ml8s.features.apply import apply
from ml8s.features.columns import columns_from_rows
from ml8s.features.lookup import Lookup
from ml8s.features.manifest import FeatureManifest
manifest = FeatureManifest.read(Path(sys.argv[1]))
rows = Lookup(Path(sys.argv[2]), manifest).fill(json.loads(sys.argv[3]))
print(rows[0]["customers.region"], apply(manifest, columns_from_rows(rows, manifest)).shape[0])
"""


def test_a_server_with_numpy_alone_looks_up_aggregates_and_parents(tmp_path: Path, manifest: FeatureManifest) -> None:
    Writing(tmp_path, manifest).state("state", channels(900))
    manifest.write(tmp_path)
    row = '[{"customer": "c03", "shop": 1, "at": "2024-01-01T00:00:00Z", "amount": 1.5, "channel": "chip"}]'
    asked = [sys.executable, "-c", READ, str(tmp_path), str(tmp_path / "state"), row]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "north 1\n"), done.stderr


def test_a_parents_values_come_back_with_their_types(tmp_path: Path) -> None:
    null_time = np.iinfo(np.int64).min
    columns = [
        ParentColumn.of("city", "string", np.array(["Oslo", None], dtype=object)),
        ParentColumn.of("size", "number", np.array([1.5, np.nan])),
        ParentColumn.of("open", "boolean", np.array([1.0, np.nan])),
        ParentColumn.of("since", "date", np.array([19_000 * DAY, null_time])),
        ParentColumn.of("at", "time", np.array([START, null_time])),
    ]
    ParentRows.of([("7",), ("8",)], columns).write(tmp_path)
    rows = ParentRows.open(tmp_path)
    assert rows.find({"shop": 7.0}, ["shop"]) == {
        "city": "Oslo",
        "size": 1.5,
        "open": True,
        "since": date(2022, 1, 8),
        "at": datetime(2023, 11, 15, tzinfo=UTC),
    }
    assert set(rows.find({"shop": 8}, ["shop"]).values()) == {None}
    assert rows.find({"shop": 9}, ["shop"]) == rows.find({"shop": None}, ["shop"]) == {}
