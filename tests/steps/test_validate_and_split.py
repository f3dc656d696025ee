"""The steps validate and split, as the runner calls them: files in, files and facts out."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ml8s.artifacts import describe_folder
from ml8s.catalogue import step
from ml8s.config.model import Config, Evaluation, Split
from ml8s.data.dataset import read_dataset
from ml8s.data.folds import read_folds
from ml8s.data.parquet import write_table
from ml8s.errors import ContractViolation
from ml8s.steps import split, validate
from ml8s.steps.context import Progress, StepContext

FIELDS = [{"name": name, "type": type_} for name, type_ in (("a", "number"), ("id", "integer"), ("y", "integer"))]
CONFIG = Config(dataset_uri="x", task="classification", target_column="y", split=Split(strategy="random"))


def snapshot(folder: Path, rows: int = 500) -> Path:
    folder.mkdir(parents=True)
    number = np.arange(rows)
    write_table(pa.table({"a": np.sin(number), "id": number, "y": number * 7 % 3 // 2}), folder / "train.parquet")
    (folder / "schema.json").write_text(json.dumps({"ml8s:version": 1, "fields": FIELDS, "primaryKey": "id"}))
    return folder


def run(folder: Path, config: Config = CONFIG) -> tuple[Path, Path]:
    source = snapshot(folder / "snapshot")
    dataset, folds = folder / "dataset", folder / "folds"
    dataset.mkdir()
    folds.mkdir()
    validate.run(StepContext(config, {}), snapshot=source, dataset=dataset)
    digest = describe_folder("dataset", dataset).digest
    split.run(StepContext(config, {"dataset": digest}), snapshot=source, dataset=dataset, folds=folds)
    return dataset, folds


def test_the_same_snapshot_gives_the_same_bytes_anywhere(tmp_path: Path) -> None:
    first, second = run(tmp_path / "one"), run(tmp_path / "another/place")
    for ours, theirs in zip(first, second, strict=True):
        assert describe_folder("x", ours) == describe_folder("x", theirs)


def test_the_chain_of_digests_leads_back_to_the_snapshot(tmp_path: Path) -> None:
    dataset, folds = run(tmp_path)
    facts = json.loads((folds / "folds.json").read_text())
    assert facts["inputs"]["snapshot"] == read_dataset(dataset).snapshot
    assert facts["inputs"]["dataset"] == describe_folder("dataset", dataset).digest
    assert len(read_folds(folds).fold) == read_dataset(dataset).rows == 500


def test_facts_warnings_and_progress_reach_the_runner(tmp_path: Path) -> None:
    source = snapshot(tmp_path / "snapshot")
    schema = {"ml8s:version": 1, "fields": FIELDS}
    (source / "schema.json").write_text(json.dumps(schema))
    (tmp_path / "dataset").mkdir()
    warned: list[str] = []
    seen: list[Progress] = []
    context = StepContext(CONFIG, {}, warn=warned.append, progress=seen.append)  # type: ignore[arg-type]
    facts = validate.run(context, snapshot=source, dataset=tmp_path / "dataset")
    assert {key: facts[key] for key in ("kind", "metric", "rows")} == {
        "kind": "binary",
        "metric": "roc_auc",
        "rows": 500,
    }
    assert any("no primary key" in text for text in warned)
    assert seen[-1] == Progress(500, 500, "rows")


def test_a_slice_by_no_column_is_told_before_any_search(tmp_path: Path) -> None:
    source = snapshot(tmp_path / "snapshot")
    (tmp_path / "dataset").mkdir()
    (tmp_path / "plain").mkdir()
    config = CONFIG.model_copy(update={"evaluation": Evaluation(slices=("a", "country"))})
    warned: list[str] = []
    validate.run(StepContext(config, {}, warn=warned.append), snapshot=source, dataset=tmp_path / "dataset")
    assert warned == ["evaluation.slices names 'country', which the snapshot does not have: no slices of it."]
    validate.run(StepContext(CONFIG, {}), snapshot=source, dataset=tmp_path / "plain")
    assert describe_folder("x", tmp_path / "dataset") == describe_folder("x", tmp_path / "plain")


def test_nothing_is_written_where_the_contract_is_broken(tmp_path: Path) -> None:
    source = snapshot(tmp_path / "snapshot")
    (tmp_path / "dataset").mkdir()
    config = CONFIG.model_copy(update={"target_column": "a"})
    with pytest.raises(ContractViolation) as caught:
        validate.run(StepContext(config, {}), snapshot=source, dataset=tmp_path / "dataset")
    assert not list((tmp_path / "dataset").iterdir())
    assert caught.value.report["violations"]


@pytest.mark.parametrize(("name", "run_step"), [("validate", validate.run), ("split", split.run)])
def test_the_signature_is_the_spec(name: str, run_step: object) -> None:
    spec = step(name)
    ports = {port.name for port in (*spec.inputs, *spec.outputs)}
    parameters = inspect.signature(run_step).parameters  # type: ignore[arg-type]
    assert {one.name for one in parameters.values() if one.kind is one.KEYWORD_ONLY} == ports


def test_reading_and_splitting_imports_no_pandas(tmp_path: Path) -> None:
    source = snapshot(tmp_path / "snapshot")
    program = (
        "import sys; from pathlib import Path\n"
        "from ml8s.config.model import Config, Split\n"
        "from ml8s.steps import split, validate\n"
        "from ml8s.steps.context import StepContext\n"
        "config = Config(dataset_uri='x', task='classification', target_column='y', split=Split(strategy='random'))\n"
        "source, dataset, folds = map(Path, sys.argv[1:]); dataset.mkdir(); folds.mkdir()\n"
        "validate.run(StepContext(config, {}), snapshot=source, dataset=dataset)\n"
        "split.run(StepContext(config, {'dataset': ''}), snapshot=source, dataset=dataset, folds=folds)\n"
        "print(sorted({'pandas', 'sklearn', 'flaml'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", program, str(source), str(tmp_path / "dataset"), str(tmp_path / "folds")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"
