"""Features of past rows through the steps: what a row may see, and that what is served is what was trained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from ml8s.artifacts import describe_folder
from ml8s.config.model import Config
from ml8s.data.dataset import write_dataset
from ml8s.data.folds import FIT, TEST, TUNE, Folds, write_folds
from ml8s.errors import AggregatesRefused
from ml8s.features.aggregates import attach_aggregates, decoded, gives_text
from ml8s.features.apply import apply
from ml8s.features.columns import columns_from_rows
from ml8s.features.lookup import Lookup
from ml8s.features.manifest import FeatureManifest
from ml8s.features.matrix import Source
from ml8s.steps.context import StepContext
from ml8s.steps.featurize import run
from tests.features.snapshots import DAY, START, payments, publish

INPUTS = {"snapshot": "1" * 64, "dataset": "2" * 64, "folds": "3" * 64}
OUTPUTS = ("features", "matrix", "aggregates", "state")
ENGINEERING: Mapping[str, object] = {
    "enabled": True,
    "primitives": ["count", "mean", "sum", "max", "last", "num_unique"],
    "windows": ["1d", "7d", "all"],
    "refresh": "none",
    "entities": {"region": {"key": ["region"], "table": "customers"}},
    "label_history": {"delay": "7d"},
}


class Featurized:
    """One call of the step on payments of 60 days: fit for 36, tune for 12, test for 12."""

    def __init__(self, folder: Path, table: pa.Table, **engineering: object) -> None:
        self.folder = folder
        self.dataset = publish(folder / "snapshot", table)
        for port in ("dataset", "folds", *OUTPUTS):
            (folder / port).mkdir()
        write_dataset(folder / "dataset", self.dataset)
        day = (table["at"].cast(pa.int64()).to_numpy() - START) // DAY
        self.fold = np.where(day < 36, FIT, np.where(day < 48, TUNE, TEST)).astype(np.int8)
        write_folds(folder / "folds", Folds.of_files([self.fold]), {})
        given = {
            "dataset_uri": "x",
            "task": "classification",
            "target_column": "y",
            "split": {"strategy": "time", "time_column": "at"},
            "feature_engineering": {**ENGINEERING, **engineering},
        }
        self.warnings: list[str] = []
        context = StepContext(Config.model_validate(given, strict=False), INPUTS, warn=self.warnings.append)
        ports = {port: folder / port for port in ("snapshot", "dataset", "folds", *OUTPUTS)}
        self.facts = run(context, **ports)
        self.manifest = FeatureManifest.read(folder / "features")

    def digests(self) -> dict[str, str]:
        return {port: describe_folder(port, self.folder / port).digest for port in OUTPUTS}

    def vectors(self) -> NDArray[np.float64]:
        """The feature vector of every row, as ``evaluate`` makes it: from the aggregates artifact."""
        with Source(self.folder / "snapshot", self.dataset) as source:
            attach_aggregates(source, self.manifest, self.folder / "aggregates")
            rows = source.all_rows()
            return apply(self.manifest, {c.name: source.column(c.name, rows) for c in self.manifest.columns})


def changed(table: pa.Table, rows: NDArray[np.bool_], **columns: object) -> pa.Table:
    """The table with other values in some rows."""
    for name, value in columns.items():
        old = table[name].to_pylist()
        values = [value if hit else kept for hit, kept in zip(rows, old, strict=True)]
        table = table.set_column(table.column_names.index(name), name, pa.array(values, table[name].type))
    return table


def times(table: pa.Table) -> NDArray[np.int64]:
    found: NDArray[np.int64] = table["at"].cast(pa.int64()).to_numpy()
    return found


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Featurized:
    return Featurized(tmp_path_factory.mktemp("plain"), payments())


def test_aggregates_of_both_depths_parents_and_comparisons_are_features(plain: Featurized) -> None:
    names = set(plain.manifest.names)
    assert {
        "customers.MEAN(rows.amount) 7d",
        "customers.MEAN(rows.y) 7d",
        "shop.COUNT(rows) 1d",
        "region.MEAN(customers.SUM(rows.amount))",
        "customers.region",
        "customers.since.days_before",
        "amount / customers.MEAN(rows.amount) 1d",
        "amount / customers.MEAN(rows.amount) 7d",
        "amount - shop.MEAN(rows.amount) 7d",
    } <= names
    assert plain.manifest.degraded == ()
    assert plain.manifest.aggregates.endswith("by 3 entities")
    definition = {f.name: f.definition for f in plain.manifest.features}["customers.MEAN(rows.y) 7d"]
    assert (
        definition == "mean of `y` over the rows of the 7d before the row with the same `customer`, as known 7d later"
    )


def test_the_matrix_is_the_vectors_of_the_aggregates_artifact(plain: Featurized) -> None:
    x = np.load(plain.folder / "matrix/x.npy")
    row = np.load(plain.folder / "matrix/row.npy")
    assert np.array_equal(x, plain.vectors()[row], equal_nan=True)


def test_a_value_is_that_of_the_rows_before(plain: Featurized) -> None:
    table = payments()
    at, amount = times(table), table["amount"].to_pandas().to_numpy()
    customer = np.array(table["customer"].to_pylist())
    found = plain.vectors()[:, plain.manifest.names.index("customers.MEAN(rows.amount) 7d")]
    for row in range(0, len(table), 37):
        past = (customer == customer[row]) & (at < at[row]) & (at >= at[row] - 7 * DAY) & ~np.isnan(amount)
        expected = amount[past].mean() if past.any() else np.nan
        assert found[row] == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("day", [20, 40, 55])
def test_no_later_row_changes_a_value(plain: Featurized, tmp_path: Path, day: int) -> None:
    table = payments()
    later = times(table) >= START + day * DAY
    other = changed(table, later, amount=1e15, channel="other", shop=1 << 61)
    # What is learned from fit rows must stay: only the values are compared, with the plain run's manifest.
    case = Featurized(tmp_path / "case", other)
    assert plain.vectors()[~later].tobytes() == vectors_under(plain.manifest, case)[~later].tobytes()


@pytest.mark.parametrize("day", [20, 50])
def test_no_label_inside_its_delay_changes_a_value(plain: Featurized, tmp_path: Path, day: int) -> None:
    table = payments()
    cut = START + day * DAY
    hidden = times(table) >= cut - 7 * DAY
    flipped = changed(table, hidden, y=True)
    case = Featurized(tmp_path / "case", flipped)
    before = times(table) < cut
    assert plain.vectors()[before].tobytes() == vectors_under(plain.manifest, case)[before].tobytes()
    # The label does count once it is known: the test would notice a label that nobody reads.
    assert plain.vectors().tobytes() != vectors_under(plain.manifest, case).tobytes()


def vectors_under(manifest: FeatureManifest, case: Featurized) -> NDArray[np.float64]:
    """The vectors of another snapshot's rows under this manifest."""
    from ml8s.features.as_of_section import used_aggregates, used_entities
    from ml8s.features.asof.engine import compute
    from ml8s.features.parents import attach_parents
    from ml8s.features.past import read_past

    entities, features = used_entities(manifest), used_aggregates(manifest)
    assert entities is not None
    with Source(case.folder / "snapshot", case.dataset) as source:
        attach_parents(source, entities)
        past = read_past(source, entities, features)
        values = compute(features, past.events, past.queries, refresh=entities.refresh)
        for index, feature in enumerate(features):
            codes = values[:, index]
            texts = past.texts[feature.column or ""] if gives_text(feature, past) else None
            source.attach(feature.name, codes if texts is None else decoded(codes, texts))
        rows = source.all_rows()
        return apply(manifest, {c.name: source.column(c.name, rows) for c in manifest.columns})


def test_equal_inputs_give_equal_bytes_in_two_folders(tmp_path: Path) -> None:
    one, two = (Featurized(tmp_path / name, payments(), refresh="1d") for name in ("one", "two"))
    assert one.digests() == two.digests()


def test_the_order_of_rows_moves_no_bit(plain: Featurized, tmp_path: Path) -> None:
    order = np.random.default_rng(5).permutation(600)
    case = Featurized(tmp_path / "shuffled", payments().take(pa.array(order)))
    assert plain.vectors()[order].tobytes() == case.vectors().tobytes()
    assert plain.manifest.to_json() == case.manifest.to_json()


@pytest.mark.parametrize("day", [54, 58])
def test_rows_after_the_boundary_get_from_the_state_what_training_would_give(tmp_path: Path, day: int) -> None:
    table, boundary = payments(900), START + day * DAY
    known = Featurized(tmp_path / "known", table.filter(pa.array(times(table) < boundary)), refresh="1d")
    lookup = Lookup(known.folder / "state", known.manifest)
    assert lookup.as_of == np.datetime64(boundary, "us").astype("datetime64[s]").item().isoformat() + "Z"
    whole = Featurized(tmp_path / "whole", table, refresh="1d")
    asked = (times(table) >= boundary) & (times(table) < boundary + DAY)
    assert asked.sum() > 5
    rows = lookup.fill(table.filter(pa.array(asked)).to_pylist())
    served = apply(known.manifest, columns_from_rows(rows, known.manifest))
    assert served.tobytes() == vectors_under(known.manifest, whole)[asked].tobytes()


def test_a_key_never_seen_has_no_history_and_a_null_key_none_at_all(tmp_path: Path) -> None:
    case = Featurized(tmp_path / "case", payments(), refresh="1d")
    lookup = Lookup(case.folder / "state", case.manifest)
    assert lookup.as_of is not None
    new, null = lookup.fill([{"customer": "nobody", "shop": 1}, {"customer": None}])
    assert new["customers.COUNT(rows) 7d"] == 0.0
    assert new["customers.MEAN(rows.amount) 7d"] is None
    assert null["customers.COUNT(rows) 7d"] is None


def test_with_refresh_none_the_state_holds_no_aggregates_and_callers_send_them(plain: Featurized) -> None:
    described = json.loads((plain.folder / "state/state.json").read_bytes())
    assert described["features"] == []
    lookup = Lookup(plain.folder / "state", plain.manifest)
    sent = {c.name: 1.0 for c in plain.manifest.columns if c.type == "number"}
    row = {**sent, "at": "2023-12-01T00:00:00Z", "customer": "c03", "shop": 1, "channel": "chip"}
    columns = columns_from_rows(lookup.fill([row]), plain.manifest)
    assert columns["customers.MEAN(rows.amount) 7d"].tolist() == [1.0]
    assert columns["customers.region"].tolist() == ["north"]


def test_a_key_of_another_type_is_refused(tmp_path: Path) -> None:
    from ml8s.errors import InvalidRows

    case = Featurized(tmp_path / "case", payments(), refresh="1d")
    with pytest.raises(InvalidRows, match="1 key is not as in training") as caught:
        Lookup(case.folder / "state", case.manifest).fill([{"customer": "c01", "shop": "one"}])
    assert caught.value.problems[0].message == "shop is 'one', expected a whole number"


def test_without_a_time_column_the_step_refuses(tmp_path: Path) -> None:
    case = Featurized(tmp_path / "plain", payments())
    write_dataset(case.folder / "dataset", replace(case.dataset, time_column=None))
    given = {
        "dataset_uri": "x",
        "task": "classification",
        "target_column": "y",
        "split": {"strategy": "random"},
        "feature_engineering": {"enabled": True},
    }
    ports = {port: case.folder / port for port in ("snapshot", "dataset", "folds", *OUTPUTS)}
    with pytest.raises(AggregatesRefused, match="nobody knows which rows were earlier"):
        run(StepContext(Config.model_validate(given, strict=False), INPUTS), **ports)


def test_each_feature_says_how_often_it_is_null(plain: Featurized) -> None:
    x = np.load(plain.folder / "matrix/x.npy")
    fit = np.load(plain.folder / "matrix/fold.npy") == FIT
    assert [f.nulls for f in plain.manifest.features] == np.isnan(x[fit]).mean(axis=0).tolist()


def test_the_gap_before_each_cut_is_the_delay_of_the_label(tmp_path: Path) -> None:
    from ml8s.data.splitting import split_snapshot

    dataset = publish(tmp_path, payments())
    split = {"strategy": "time", "time_column": "at"}
    given = {"dataset_uri": "x", "task": "classification", "target_column": "y"}
    history = {"feature_engineering": {"enabled": True, "label_history": {"delay": "3d"}}}
    configs = [{"split": split}, {"split": {**split, "gap": "3d"}}, {"split": split, **history}]
    plain, gap, delay = (
        split_snapshot(tmp_path, dataset, Config.model_validate({**given, **config}, strict=False)).folds
        for config in configs
    )
    assert plain.counts()["dropped"] == 0
    assert delay.counts()["dropped"] > 0
    assert delay.fold.tolist() == gap.fold.tolist()
