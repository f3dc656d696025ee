from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ml8s.artifacts import describe_folder
from ml8s.config.model import Config
from ml8s.data.dataset import Column, DataFile, Dataset, Target, write_dataset
from ml8s.data.folds import FIT, TEST, TUNE, Folds, write_folds
from ml8s.data.parquet import write_table
from ml8s.errors import NoFeatures, UnsuitableTarget
from ml8s.features.apply import apply
from ml8s.features.columns import read_columns
from ml8s.features.manifest import FeatureManifest
from ml8s.steps.context import StepContext
from ml8s.steps.featurize import run

ROWS = 900
PORTS = ("snapshot", "dataset", "folds", "features", "matrix", "aggregates", "state")
INPUTS = {"snapshot": "1" * 64, "dataset": "2" * 64, "folds": "3" * 64}
COLUMNS = (
    Column("id", "integer", "key"),
    Column("at", "time", "time"),
    Column("query", "string", "group"),
    Column("exposure", "number", "weight"),
    Column("amount", "number", "feature"),
    Column("country", "string", "feature"),
    Column("note", "string", "ignore"),
    Column("y", "boolean", "target"),
)


def table(rows: int = ROWS, seed: int = 0) -> pa.Table:
    random = np.random.default_rng(seed)
    at = 1_700_000_000_000_000 + np.sort(random.integers(0, 400 * 86_400_000_000, rows))
    return pa.table(
        {
            "id": np.arange(rows),
            "at": pa.array(at, pa.timestamp("us", tz="UTC")),
            "query": [f"q{i:02d}" for i in random.integers(0, 40, rows)],
            "exposure": random.random(rows),
            "amount": pa.array(random.lognormal(size=rows), mask=random.random(rows) < 0.1),
            "country": random.choice(["nl", "de", "fr"], rows),
            "note": [f"note {i}" for i in range(rows)],
            "y": random.random(rows) < 0.3,
        }
    )


@dataclass
class Case:
    """The folders of one call of the step."""

    folder: Path
    train: pa.Table
    validation: pa.Table | None = None
    dataset: Dataset = field(init=False)
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for port in PORTS:
            (self.folder / port).mkdir(parents=True)
        write_table(self.train, self.folder / "snapshot/train.parquet")
        files = [DataFile("train.parquet", len(self.train))]
        if self.validation is not None:
            write_table(self.validation, self.folder / "snapshot/validation.parquet")
            files.append(DataFile("validation.parquet", len(self.validation)))
        self.dataset = Dataset(
            kind="binary",
            metric="roc_auc",
            manifest=describe_folder("snapshot", self.folder / "snapshot"),
            files=tuple(files),
            target=Target("y", "boolean", (False, True), 1, (600, 300)),
            columns=COLUMNS,
            time_column="at",
            weight_column="exposure",
            primary_key=("id",),
        )

    def run(self, folds: Folds, **config: object) -> dict[str, object]:
        write_dataset(self.folder / "dataset", self.dataset)
        write_folds(self.folder / "folds", folds, {})
        given = {"dataset_uri": "x", "task": "classification", "target_column": "y", "split": {"strategy": "random"}}
        context = StepContext(Config(**{**given, **config}), INPUTS, warn=self.warnings.append)
        ports = {port: self.folder / port for port in PORTS}
        return dict(run(context, **ports) or {})

    def array(self, name: str) -> np.ndarray:
        return np.load(self.folder / f"matrix/{name}.npy", allow_pickle=False)

    def json(self, path: str) -> dict[str, object]:
        return json.loads((self.folder / path).read_bytes())

    def digests(self) -> list[str]:
        return [describe_folder(port, self.folder / port).digest for port in PORTS[3:]]


def random_folds(rows: int = ROWS, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).choice(4, rows, p=[0.6, 0.2, 0.1, 0.1]).astype(np.int8)


def test_the_matrix_is_what_the_reference_says(tmp_path: Path) -> None:
    case = Case(tmp_path, table())
    fold = random_folds()
    facts = case.run(Folds.of_files([fold]))
    rows = np.concatenate([np.flatnonzero(fold == FIT), np.flatnonzero(fold == TUNE)])
    assert case.array("row").tolist() == rows.tolist()
    assert case.array("fold").tolist() == fold[rows].tolist()
    assert {name: case.array(name).dtype.str for name in ("x", "y", "fold", "file", "row", "weight", "time")} == {
        "x": "<f8", "y": "<f8", "fold": "|i1", "file": "|i1", "row": "<i8", "weight": "<f8", "time": "<i8",
    }  # fmt: skip
    assert case.array("y").tolist() == case.train["y"].to_numpy()[rows].astype(float).tolist()
    assert case.array("weight").tolist() == case.train["exposure"].to_numpy()[rows].tolist()
    assert case.array("time").tolist() == case.train["at"].cast(pa.int64()).to_numpy()[rows].tolist()
    described = case.json("matrix/matrix.json")
    assert described["inputs"] == {**INPUTS, "features": describe_folder("features", tmp_path / "features").digest}
    assert described["rows"] == len(rows) == len(case.array("x"))
    assert described["classes"] == 2
    assert described["categorical"] == {"country": 4}
    assert case.array("x").flags.c_contiguous
    assert not (tmp_path / "matrix/group.npy").exists()
    assert facts == {"features": len(described["features"]), "aggregates": "off", "degraded": []}


def test_apply_from_the_manifest_read_back_gives_the_matrix_bitwise(tmp_path: Path) -> None:
    case = Case(tmp_path, table())
    case.run(Folds.of_files([random_folds()]))
    manifest = FeatureManifest.read(tmp_path / "features")
    names = [column.name for column in manifest.columns]
    columns = read_columns(tmp_path / "snapshot", 0, names, case.array("row"), case.dataset)
    assert apply(manifest, columns).tobytes() == case.array("x").tobytes()


def test_keys_weights_groups_and_ignored_columns_are_no_features(tmp_path: Path) -> None:
    case = Case(tmp_path, table())
    case.run(Folds.of_files([random_folds()]))
    manifest = FeatureManifest.read(tmp_path / "features")
    assert {name for feature in manifest.features for name in feature.source} == {"at", "amount", "country"}
    assert manifest.ignored == ("id", "query", "exposure", "note", "y")


def test_what_tune_and_test_hold_changes_no_feature(tmp_path: Path) -> None:
    fold = random_folds()
    plain = Case(tmp_path / "plain", table())
    plain.run(Folds.of_files([fold]))
    other = table(seed=9)
    changed = {
        name: [new if code != FIT else old for old, new, code in zip(a.to_pylist(), b.to_pylist(), fold, strict=True)]
        for name, a, b in zip(other.column_names, plain.train.columns, other.columns, strict=True)
    }
    case = Case(tmp_path / "changed", pa.table(changed, schema=plain.train.schema))
    case.run(Folds.of_files([fold]))
    assert case.digests()[0] == plain.digests()[0]


def test_rows_of_both_files_come_by_fold_then_file_then_row(tmp_path: Path) -> None:
    case = Case(tmp_path, table(100), table(30, seed=4))
    folds = [random_folds(100), np.array([TEST, FIT, TUNE] * 10, dtype=np.int8)]
    case.run(Folds.of_files(folds))
    order = list(zip(case.array("fold").tolist(), case.array("file").tolist(), case.array("row").tolist(), strict=True))
    assert order == sorted(order)
    amounts = [case.train["amount"].to_pylist(), case.validation["amount"].to_pylist() if case.validation else []]
    amount = case.array("x")[:, case.json("matrix/matrix.json")["features"].index("amount")]
    expected = [amounts[file][row] for _, file, row in order]
    np.testing.assert_array_equal(amount, np.array(expected, dtype=np.float64))


def test_the_rows_of_a_query_lie_together(tmp_path: Path) -> None:
    case = Case(tmp_path, table())
    case.dataset = replace(case.dataset, kind="ranking", group_column="query", target=Target("amount", "number"))
    case.dataset = replace(case.dataset, columns=tuple(c for c in COLUMNS if c.name != "amount"))
    case.train = case.train.drop_columns(["amount"]).append_column("amount", pa.array(np.arange(ROWS) % 5))
    write_table(case.train, tmp_path / "snapshot/train.parquet")
    case.dataset = replace(case.dataset, columns=(*case.dataset.columns, Column("amount", "integer", "target")))
    query = np.array(case.train["query"].to_pylist())
    fold = np.where(query < "q30", FIT, TUNE).astype(np.int8)
    case.run(Folds.of_files([fold]))
    group, row = case.array("group"), case.array("row")
    assert group.dtype == np.int64
    assert len(np.flatnonzero(np.diff(group))) + 1 == len(set(query))
    keys = list(zip(case.array("fold").tolist(), query[row].tolist(), row.tolist(), strict=True))
    assert keys == sorted(keys)


def test_without_a_key_there_is_nothing_to_aggregate_by(tmp_path: Path) -> None:
    case = Case(tmp_path, table())
    facts = case.run(Folds.of_files([random_folds()]), feature_engineering={"enabled": True})
    manifest = FeatureManifest.read(tmp_path / "features")
    assert (manifest.aggregates, manifest.degraded, manifest.as_of) == ("none (no key)", ("aggregates",), None)
    assert facts["degraded"] == ["aggregates"]
    assert "names no key" in case.warnings[0]
    assert case.warnings[0].endswith("Columns that could be a key: country")
    assert case.json("aggregates/aggregates.json")["features"] == []
    assert case.json("state/state.json")["as_of"] is None


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    cases = [Case(tmp_path / name, table()) for name in ("one", "two")]
    for case in cases:
        case.run(Folds.of_files([random_folds()]))
    assert cases[0].digests() == cases[1].digests()


def test_the_class_index_or_the_value_is_the_target(tmp_path: Path) -> None:
    case = Case(tmp_path, table())
    case.dataset = replace(case.dataset, kind="multiclass", target=Target("country", "string", ("de", "fr", "nl")))
    case.run(Folds.of_files([random_folds()]))
    country = np.array(case.train["country"].to_pylist())[case.array("row")]
    assert np.array(["de", "fr", "nl"])[case.array("y").astype(int)].tolist() == country.tolist()


def test_a_label_that_validation_did_not_find_is_refused(tmp_path: Path) -> None:
    case = Case(tmp_path, table())
    case.dataset = replace(case.dataset, kind="multiclass", target=Target("country", "string", ("de", "nl")))
    with pytest.raises(UnsuitableTarget, match="country has 'fr'"):
        case.run(Folds.of_files([random_folds()]))


def test_a_snapshot_without_a_column_to_learn_from_is_refused(tmp_path: Path) -> None:
    case = Case(tmp_path, table())
    columns = tuple(replace(c, role="ignore") if c.name in ("at", "amount", "country") else c for c in COLUMNS)
    case.dataset = replace(case.dataset, columns=columns)
    with pytest.raises(NoFeatures, match="no column is left to learn from") as caught:
        case.run(Folds.of_files([random_folds()]))
    assert caught.value.cure


def test_columns_that_the_model_does_not_see_are_said(tmp_path: Path) -> None:
    case = Case(tmp_path, table())
    columns = tuple(replace(c, role="feature") if c.name in ("note", "id") else c for c in COLUMNS)
    case.dataset = replace(case.dataset, columns=columns)
    case.run(Folds.of_files([random_folds()]))
    (warning,) = case.warnings
    assert warning.startswith("the model does not see note: an identifier:")
    assert FeatureManifest.read(tmp_path / "features").warnings == (warning,)
