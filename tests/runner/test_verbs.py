"""The verbs of runs: what they print, where, and with which exit status."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ml8s.cli import main
from ml8s.cli.progress import Display, Line, clock
from ml8s.errors import DeterminismViolation, GateFailed
from ml8s.examples.generate import publish
from ml8s.runner import cache
from ml8s.steps.context import Progress
from ml8s.storage import open_store
from ml8s.storage.blobs import blob_key, read_manifest
from tests.runner.desk import Desk

Call = Callable[..., tuple[int, str, str]]

CHURN = """\
dataset_uri: data
task: classification
target_column: churned
positive_class: "yes"
split: {strategy: stratified}
automl: {max_trials: 2}
"""


@pytest.fixture
def ml8s(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Calls the command line in this process: exit status, stdout, stderr."""
    monkeypatch.delenv("ML8S_STORE", raising=False)
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def churn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    publish("churn", tmp_path / "data", rows=600)
    (tmp_path / "churn_model.yaml").write_text(CHURN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_plan_run_and_runs_tell_one_story(churn: Path, ml8s: Call) -> None:
    status, out, err = ml8s("plan", "churn_model.yaml", "--until", "split")
    assert (status, not (churn / ".ml8s").exists()) == (0, True), "a plan writes nothing"
    assert "the snapshot is read first" in out
    assert "next: ml8s run churn_model.yaml" in err

    status, out, err = ml8s("run", "churn_model.yaml", "--until", "split", "--dry-run")
    assert (status, not (churn / ".ml8s").exists()) == (0, True), "a dry run writes nothing"

    status, out, err = ml8s("run", "churn_model.yaml", "--until", "split", "-o", "json")
    assert status == 0
    trained = json.loads(out)
    assert (trained["steps_run"], trained["model_id"]) == (2, None)
    assert "no platform: working on this machine" in err
    assert "validate  done" in err

    status, out, _ = ml8s("train", "--config", "churn_model.yaml", "--dry-run", "-o", "json")
    states = {row["step"]: row["state"] for row in json.loads(out)["steps"]}
    assert (states["split"], states["featurize"], states["register"]) == ("cached", "run", "unknown")

    status, out, _ = ml8s("runs", "list", "-o", "name")
    assert out.split() == [trained["attempt"]]
    status, out, _ = ml8s("runs", "show", trained["run_key"][:10], "-o", "json")
    assert json.loads(out)["outcome"] == "done"
    status, out, _ = ml8s("runs", "show", trained["attempt"])
    assert "split" in out
    status, out, _ = ml8s("runs", "logs", trained["attempt"], "--progress")
    assert json.loads(out.splitlines()[0])["step"] == "validate"
    status, _, err = ml8s("runs", "report", trained["attempt"])
    assert (status, "ended before its evaluation" in err) == (2, True)


def test_mistakes_end_with_their_status_and_cure(churn: Path, ml8s: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments, status, words in (
        (("run", "churn_model.yaml", "--until", "spilt"), 2, "did you mean split"),
        (("run", "missing.yaml"), 2, "ML8S-C001"),
        (("run", "churn_model.yaml", "--replay", "nothing"), 5, "ML8S-R002"),
        (("run", "churn_model.yaml", "--replay", "fraud_20260211"), 5, "ML8S-R001"),
        (("runs", "show", "nothing"), 5, "ML8S-R002"),
        (("runs", "settle", "abc"), 5, "no result has this key"),
        (("predict", "fraud_20260211", "-f", "rows.json"), 5, "ML8S-R001"),
        (("models", "reproduce", "fraud_20260211"), 5, "ML8S-R001"),
        (("run", "churn_model.yaml", "--set", "dataset_uri=elsewhere"), 2, "ML8S-D001"),
    ):
        found, _, err = ml8s(*arguments)
        assert (found, words in err, "cure:" in err) == (status, True, True), err
    monkeypatch.setenv("ML8S_PLATFORM", "platform.yaml")
    status, _, err = ml8s("run", "churn_model.yaml", "--until", "split")
    assert (status, "ML8S-K001" in err) == (2, True)
    status, _, err = ml8s("run", "churn_model.yaml", "--until", "split", "--local")
    assert (status, "no platform" in err) == (0, False)


def test_bad_rows_end_with_2_and_a_report_of_violations(churn: Path, ml8s: Call) -> None:
    schema = json.loads((churn / "data/schema.json").read_text())
    for field in schema["fields"]:
        if field["type"] in ("number", "integer"):
            field["constraints"] = {"maximum": -1}
    (churn / "data/schema.json").write_text(json.dumps(schema))
    status, _, err = ml8s("run", "churn_model.yaml")
    assert (status, "ML8S-D005" in err) == (2, True), err
    assert list((churn / ".ml8s/cache").glob("*.json")) == [], "no cache entry of the failing step"
    reports = list((churn / ".ml8s/runs").glob("2*/violations.json"))
    assert json.loads(reports[0].read_bytes())


def test_the_report_of_a_run_is_printed_and_saved(desk: Desk, ml8s: Call) -> None:
    with pytest.raises(GateFailed):
        desk.train("evaluation.gates={accuracy: '>= 0.9'}")
    status, out, err = ml8s("runs", "report", "20", "--store", desk.store, "--save", desk.root / "saved")
    assert (status, "report.html" in out) == (0, True)
    assert (desk.root / "saved/report.html").read_text() == "<p>stub</p>"
    assert str(desk.root / "saved/report.html") in err
    saving = ("runs", "report", "20", "--store", desk.store, "--save")
    assert ml8s(*saving, desk.root / "saved")[0] == 0, "the same files may be written again"
    (desk.root / "saved/report.html").write_text("mine")
    for folder in ("saved", "saved/report.html", "saved/report.html/x"):
        status, _, err = ml8s(*saving, desk.root / folder)
        assert (status, "ML8S-C006" in err, "give another folder with --save" in err) == (2, True, True), err
    assert (desk.root / "saved/report.html").read_text() == "mine"


def test_a_conflict_is_shown_and_dropped(desk: Desk, ml8s: Call) -> None:
    desk.train(until="read")
    store = open_store(str(desk.store))
    first = cache.Result.from_bytes(next((desk.store / "cache").glob("*.json")).read_bytes())
    with pytest.raises(DeterminismViolation):
        cache.claim(store, cache.Result(first.parts, first.outputs, {"rows": 4}), decision=False)
    status, out, err = ml8s("runs", "settle", first.key[:12], "--store", desk.store)
    assert (status, "fact rows" in out) == (0, True)
    assert f"settle {first.key[:12]} --drop" in err
    status, _, err = ml8s("runs", "settle", first.key[:12], "--drop", "--dry-run", "--store", desk.store)
    assert (status, err.count("would remove cache/")) == (0, 2)
    status, _, err = ml8s("runs", "settle", first.key[:12], "--drop", "--store", desk.store)
    assert (status, err.count("removed cache/")) == (0, 2)
    assert desk.train(until="read").steps_run == 1


def test_a_sound_result_is_not_dropped_and_a_damaged_one_is(desk: Desk, ml8s: Call) -> None:
    desk.train(until="read")
    store = open_store(str(desk.store))
    (path,) = (desk.store / "cache").glob("*.json")
    found = cache.Result.from_bytes(path.read_bytes())
    dropping = ("runs", "settle", found.key[:12], "--drop", "--store", desk.store)
    status, _, err = ml8s(*dropping)
    assert (status, "there is nothing to settle" in err, path.exists()) == (2, True, True)
    (digest, *_) = found.outputs.values()
    store.put(blob_key(read_manifest(store, digest).files[0].sha256), b"other")
    status, _, err = ml8s(*dropping)
    assert (status, err.count("removed cache/"), path.exists()) == (0, 1, False)


def test_a_line_fits_its_terminal(desk: Desk) -> None:
    line = Line("search[extra_tree]", "running", 0.0, detail="12/50 trials  average_precision 0.91234")
    for width in (39, 79, 200):
        assert len(line.text(95.0, 18, width)) <= width
    assert "12/50" in line.text(5.0, 18, 79)
    assert "12/" in Line("search[xgboost]", "running", 0.0, detail="12/50 trials").text(5.0, 15, 39)
    assert [clock(seconds) for seconds in (0.04, 9.94, 75, 725, 10_920)] == ["0.0s", "9.9s", "75s", "12m05s", "3h02m"]


def test_without_a_terminal_progress_is_plain_lines(capsys: pytest.CaptureFixture[str], desk: Desk) -> None:
    display = Display()
    with display.showing():
        desk.train()
        display.planned(desk.heard.plans[-1])
        display.started("read")
        display.progressed("read", Progress(1, 2, "files"))
        display.finished("read", desk.heard.ends["read"])
        display.noted("read", "mind this")
    err = capsys.readouterr().err
    assert "read" in err
    assert "1/2 files" in err
    assert "warning: read: mind this" in err
    assert "\x1b" not in err
