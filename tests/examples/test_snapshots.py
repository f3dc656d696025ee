from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ml8s.config.loader import load_config
from ml8s.data.schema_reader import read_schema
from ml8s.errors import SnapshotExists
from ml8s.examples import EXAMPLES
from ml8s.examples.generate import main, publish
from ml8s.examples.starter import config_text

ROOT = Path(__file__).parents[2]
ROWS = 4_000
NAMES = sorted(EXAMPLES)


def contents(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_the_same_bytes_and_another_seed_others(name: str, tmp_path: Path) -> None:
    for folder, seed in (("one", 5), ("again", 5), ("other", 6)):
        publish(name, tmp_path / folder, ROWS, seed)
    assert contents(tmp_path / "one") == contents(tmp_path / "again")
    assert contents(tmp_path / "one")["train.parquet"] != contents(tmp_path / "other")["train.parquet"]


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_names_every_column_as_the_tables_hold_it(name: str, tmp_path: Path) -> None:
    publish(name, tmp_path / "s", ROWS)
    schema = read_schema((tmp_path / "s/schema.json").read_bytes())
    written = {"train.parquet": schema, "validation.parquet": schema}
    written |= {table.path: table.schema for table in schema.tables.values()}
    files = {path.name for path in (tmp_path / "s").glob("*.parquet")}
    assert files <= set(written)
    for file in files:
        assert tuple(pq.read_schema(tmp_path / "s" / file).names) == written[file].names
    rows = sum(
        pq.read_metadata(tmp_path / "s" / file).num_rows for file in files & {"train.parquet", "validation.parquet"}
    )
    assert rows == ROWS


@pytest.mark.parametrize("name", NAMES)
def test_the_config_is_valid_and_names_columns_that_exist(name: str, tmp_path: Path) -> None:
    publish(name, tmp_path / "data", ROWS)
    path = tmp_path / f"{name}.yaml"
    path.write_text(config_text(name))
    config = load_config(str(path)).config
    columns = set(pq.read_schema(tmp_path / "data/train.parquet").names)
    named = {config.target_column, config.columns.group, config.split.time_column, config.split.group_column}
    assert {column for column in named if column} <= columns
    assert set(config.evaluation.slices) <= columns
    assert config.automl.max_trials is not None, "an example's result must not depend on the clock"


@pytest.mark.parametrize("name", NAMES)
def test_the_folder_in_examples_holds_what_init_writes(name: str) -> None:
    folder = ROOT / "examples" / name
    assert (folder / f"{name}.yaml").read_text() == config_text(name)
    assert {path.name for path in folder.iterdir()} >= {"README.md", "generate.py", f"{name}.yaml"}
    assert all(path.stat().st_size < 1_000_000 for path in folder.iterdir())


def test_keys_of_fraud_lead_to_its_tables(tmp_path: Path) -> None:
    publish("fraud", tmp_path / "s", ROWS)
    schema = json.loads((tmp_path / "s/schema.json").read_bytes())
    assert schema["primaryKey"] == ["transaction_id"]
    for key in schema["foreignKeys"]:
        table = schema["ml8s:tables"][key["reference"]["resource"]]
        known = set(pq.read_table(tmp_path / "s" / table["path"])[key["reference"]["fields"][0]].to_pylist())
        for file in ("train.parquet", "validation.parquet"):
            assert set(pq.read_table(tmp_path / "s" / file)[key["fields"][0]].to_pylist()) <= known


def test_small_examples_hold_enough_of_each_class(tmp_path: Path) -> None:
    for name, column, positive in (("fraud", "is_fraud", True), ("churn", "churned", "yes")):
        publish(name, tmp_path / name, ROWS)
        for file in (tmp_path / name).glob("[tv]*.parquet"):
            if file.stem in ("train", "validation"):
                assert pq.read_table(file)[column].to_pylist().count(positive) >= 10
    publish("ranking", tmp_path / "ranking", ROWS)
    assert set(pq.read_table(tmp_path / "ranking/train.parquet")["grade"].to_pylist()) == {0, 1, 2, 3, 4}


def test_a_snapshot_is_never_written_over(tmp_path: Path) -> None:
    publish("churn", tmp_path, 600)
    before = contents(tmp_path)
    with pytest.raises(SnapshotExists) as caught:
        publish("churn", tmp_path, 700)
    assert str(tmp_path) in caught.value.message
    assert contents(tmp_path) == before
    with pytest.raises(SystemExit) as ended:
        main("churn", [str(tmp_path)])
    assert ended.value.code == 2


def test_generate_publishes_the_full_fraud_snapshot_in_seconds(tmp_path: Path) -> None:
    folder = tmp_path / "fraud"
    generate = ROOT / "examples/fraud/generate.py"
    subprocess.run([sys.executable, str(generate), str(folder)], check=True, timeout=20)
    assert pq.read_metadata(folder / "train.parquet").num_rows >= 160_000
    assert import_module("ml8s.examples.fraud").ROWS >= 200_000
