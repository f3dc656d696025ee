"""evaluate, on the outputs of the real steps before it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ml8s.artifacts import describe_folder
from ml8s.catalogue import step
from ml8s.config.digests import section_digest
from ml8s.config.model import Config
from ml8s.data.dataset import Column
from ml8s.data.folds import TEST, read_folds
from ml8s.environment import PIN
from ml8s.errors import EnvironmentNotPinned
from ml8s.evaluation.logged_values import shown_names
from ml8s.evaluation.metrics import compute
from tests.evaluation import hostile
from tests.evaluation.pipeline_run import PipelineRun, run_until_select

OUTPUTS = tuple(port.name for port in step("evaluate").outputs)
EVALUATION = {"slices": [hostile.TABLE, "note", "account", "branch", "no_such_column"], "required": ["brier_score"]}


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> PipelineRun:
    place = tmp_path_factory.mktemp("evaluate")
    hostile.publish(place / "data")
    chain = run_until_select(hostile.config(evaluation=EVALUATION), place / "data", place / "run")
    chain.run("evaluate")
    return chain


def read(chain: PipelineRun, port: str, name: str) -> dict:
    return json.loads((chain.port(port) / name).read_bytes())


def digests(folder: Path) -> dict[str, str]:
    return {port.name: describe_folder(port.kind, folder / port.name).digest for port in step("evaluate").outputs}


def again(chain: PipelineRun, into: Path, config: Config | None = None, threads: int = 1) -> dict[str, object]:
    return dict(replace(chain, config=config or chain.config).run("evaluate", threads=threads, into=into))


def test_the_verdict_names_what_it_was_made_from(chain: PipelineRun) -> None:
    verdict = read(chain, "verdict", "verdict.json")
    assert verdict["inputs"] == {
        name: chain.digests[name] for name in ("snapshot", "dataset", "folds", "features", "aggregates", "model")
    }
    assert verdict["evaluation"] == section_digest(chain.config, "evaluation")
    assert verdict["passed"] is True
    assert {gate["origin"] for gate in verdict["gates"]} == {"default", "required"}


def test_metrics_are_those_of_the_scores_that_were_written(chain: PipelineRun) -> None:
    metrics = read(chain, "metrics", "metrics.json")
    scores = pq.read_table(chain.port("test_scores") / "scores.parquet")
    columns = {name: scores[name].to_numpy() for name in scores.column_names}
    assert metrics["rows"] == scores.num_rows
    for name, value in metrics["metrics"].items():
        assert value == compute(
            name, columns["target"], columns["score"], weight=columns["weight"], threshold=metrics["threshold"]
        )


def test_exactly_the_test_rows_are_scored(chain: PipelineRun) -> None:
    folds = read_folds(chain.port("folds"))
    scores = pq.read_table(chain.port("test_scores") / "scores.parquet")
    test = folds.fold == TEST
    assert np.array_equal(scores["row"].to_numpy(), folds.row[test])
    assert np.array_equal(scores["file"].to_numpy(), folds.file[test])


def test_a_failed_gate_is_an_answer_and_no_error(chain: PipelineRun, tmp_path: Path) -> None:
    config = hostile.config(evaluation={"gates": {"roc_auc": ">= 0.9999"}})
    facts = again(chain, tmp_path, config)
    assert facts["passed"] is False
    assert facts["reasons"] == [str(facts["reasons"][0])]  # type: ignore[index]
    assert "the gate asks for at least 0.9999" in facts["reasons"][0]  # type: ignore[index]
    assert (tmp_path / "report" / "report.html").stat().st_size > 10_000


def test_facts_stay_small(chain: PipelineRun, tmp_path: Path) -> None:
    facts = again(chain, tmp_path)
    assert set(facts) == {"passed", "reasons", "metrics"}
    assert len(json.dumps(facts)) < 2048


def test_threads_change_no_byte(chain: PipelineRun, tmp_path: Path) -> None:
    again(chain, tmp_path, threads=2)
    assert digests(tmp_path) == digests(chain.folder)


def test_another_process_folder_time_zone_and_locale_change_no_byte(chain: PipelineRun, tmp_path: Path) -> None:
    program = (
        "import sys, pathlib, json; from tests.steps.test_evaluate import EVALUATION; "
        "from tests.evaluation import hostile; from tests.evaluation.pipeline_run import PipelineRun; "
        "config = hostile.config(evaluation=EVALUATION); "
        "chain = PipelineRun(config, pathlib.Path(sys.argv[1]), json.loads(sys.argv[2])); "
        "chain.run('evaluate', into=pathlib.Path(sys.argv[3]))"
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {**os.environ, "TZ": "Pacific/Apia", "LC_ALL": "tr_TR.UTF-8", "LANG": "de_DE.UTF-8", "COLUMNS": "20"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    arguments = [str(chain.folder), json.dumps(chain.digests), str(elsewhere)]
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, cwd=elsewhere, env=environment)
    assert digests(elsewhere) == digests(chain.folder)


def test_without_the_pinned_environment_nothing_is_scored(
    chain: PipelineRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(next(iter(PIN)))
    with pytest.raises(EnvironmentNotPinned):
        again(chain, tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_an_unknown_slice_is_a_warning_in_the_report(chain: PipelineRun) -> None:
    report = read(chain, "report", "report.json")
    assert any("no_such_column" in warning for warning in report["warnings"])
    assert any("'branch', which the snapshot logs as `drop`" in warning for warning in report["warnings"])
    assert [table["column"] for table in report["slices"]] == [hostile.TABLE, "note", "account"]


def test_numbers_that_the_snapshot_wants_hashed_show_as_digests(chain: PipelineRun) -> None:
    report = read(chain, "report", "report.json")
    (table,) = [table for table in report["slices"] if table["column"] == "account"]
    values = {row["value"] for row in table["rows"]}
    assert len(values) == len(hostile.ACCOUNTS)
    assert values == {hashlib.sha256(str(account).encode()).hexdigest()[:12] for account in hostile.ACCOUNTS}
    page = (chain.port("report") / "report.html").read_text("utf-8")
    assert not [account for account in hostile.ACCOUNTS if str(account) in page]


@pytest.mark.parametrize(("log", "names"), [("keep", ["7654321", "8", "7654321"]), ("drop", 2), ("hash", 2)])
def test_series_are_named_as_the_snapshot_logs_their_columns(log: str, names: list[str] | int) -> None:
    shown = shown_names(Column("shop", "integer", "series", log=log), np.array([7654321.0, 8.0, 7654321.0]))
    assert shown == names or (len(set(shown)) == names and not {"7654321", "8"} & set(shown))
    assert shown[0] == shown[2]


def test_text_that_the_snapshot_wants_hashed_is_nowhere_in_the_outputs(chain: PipelineRun) -> None:
    written = b"".join(
        path.read_bytes() for port in OUTPUTS for path in chain.port(port).rglob("*") if path.suffix != ".parquet"
    )
    assert b"note 1" not in written


def test_hostile_names_reach_the_page_as_text_only(chain: PipelineRun) -> None:
    html = (chain.port("report") / "report.html").read_text("utf-8")
    assert "<script" not in html
    assert "<img" not in html
    assert "{{" not in html
    assert "&lt;script&gt;alert(&#39;amount&#39;)&lt;/script&gt;" in html


def test_the_profile_holds_source_columns_and_the_score(chain: PipelineRun) -> None:
    profile = read(chain, "profile", "profile.json")
    codes = pq.read_table(chain.port("profile") / "codes.parquet")
    named = [column["name"] for column in profile["columns"]]
    assert named[-1] == "score"
    assert hostile.SCRIPT in named
    assert profile["chosen"] == codes.num_rows == profile["rows"]


def test_every_json_file_is_strict(chain: PipelineRun) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    for port in OUTPUTS:
        for path in chain.port(port).glob("*.json"):
            json.loads(path.read_bytes(), parse_constant=refuse)
