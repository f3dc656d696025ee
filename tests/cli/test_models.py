"""ml8s models list, show, compare, history, verify, as a user calls them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from ml8s.artifacts import Json, sha256
from ml8s.data.parquet import write_table
from ml8s.registry import Registry
from ml8s.registry.events import Actor
from ml8s.registry.record import record_content
from ml8s.storage import Store, open_store
from ml8s.storage.blobs import blob_key, put_artifact
from tests.cli.commands import run

ADA = Actor("ada", "local", False)
FIRST, SECOND, OTHER = "fraud_20260711", "fraud_20260711-2", "churn_20260711"
EVENT = "registry/v1/fraud/events/0000000001.json"
RECORD = f"registry/v1/fraud/records/{FIRST}.json"


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A store with two models of one name on the same folds, and one of another name."""
    uri = str(tmp_path / "store")
    opened = open_store(uri)
    registry = Registry(opened, ADA, now=lambda: datetime(2026, 7, 11, 9, tzinfo=UTC))
    for name, auc, seed in (("fraud", 0.8, 0), ("fraud", 0.9, 42), ("churn", 0.7, 0)):
        files = tmp_path / f"{name}-{seed}"
        (files / "members").mkdir(parents=True)
        (files / "members/model.txt").write_text(f"{name} {seed}")
        content = record_content(
            name=name,
            config=sha256(str(seed).encode()),
            snapshot=sha256(name.encode()),
            ports={
                "model": put_artifact(opened, "model", files),
                "folds": put_artifact(opened, "folds", tmp_path / "fraud-0"),
                "trials[lgbm]": put_artifact(opened, "trials", tmp_path / "fraud-0"),
            },
            metrics={"roc_auc": auc, "log_loss": auc / 2, "f1": None},
            degraded=["aggregates"] if seed else [],
        )
        resolved: Json = {"seed": seed, "automl": {"max_trials": 5, "estimators": ["lgbm"]}} if seed else {}
        registry.register(content, {"metric": "roc_auc", "kind": "binary", "resolved_config": resolved})
    return uri


def answer(*arguments: str, store: str) -> object:
    done = run("models", *arguments, "-o", "json", "--store", store)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_list_shows_every_model_with_the_metric_that_decided(store: str) -> None:
    assert answer("list", store=store) == [
        {
            "model_id": model_id,
            "state": "candidate",
            "metric": "roc_auc",
            "value": value,
            "registered": "2026-07-11T09:00:00+00:00",
            "by": "ada",
            "snapshot": sha256(name.encode())[:12],
            "degraded": degraded,
        }
        for model_id, value, name, degraded in (
            (OTHER, 0.7, "churn", None),
            (FIRST, 0.8, "fraud", None),
            (SECOND, 0.9, "fraud", "aggregates"),
        )
    ]


def test_list_takes_a_name_and_every_form(store: str) -> None:
    named = run("models", "list", "fraud", "-o", "name", "--store", store)
    assert named.stdout == f"{FIRST}\n{SECOND}\n"
    assert yaml.safe_load(run("models", "list", "-o", "yaml", "--store", store).stdout) == answer("list", store=store)
    assert f"next: ml8s models show {SECOND} --store {store}" in named.stderr, "the same store, as it was named"
    table = run("models", "list", environment={"ML8S_STORE": store})
    assert table.stdout.splitlines()[0].startswith("MODEL ID")
    assert len(table.stdout.splitlines()) == 4
    assert table.stderr.endswith(f"next: ml8s models show {SECOND}\n")


def test_an_empty_store_has_no_models_and_stays_absent(tmp_path: Path) -> None:
    done = run("models", "list", "--store", tmp_path / "none")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no model is registered" in done.stderr
    assert answer("list", store=str(tmp_path / "none")) == []
    assert not (tmp_path / "none").exists()


def test_a_name_without_models_is_said_to_have_none(store: str) -> None:
    done = run("models", "list", "nothing", "--store", store)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"no model of the name nothing is registered in {store}" in done.stderr


def test_show_tells_content_envelope_and_event(store: str) -> None:
    shown = answer("show", SECOND, store=store)
    assert isinstance(shown, dict)
    assert shown["state"] == "candidate"
    assert shown["content"]["metrics"] == {"roc_auc": 0.9, "log_loss": 0.45, "f1": None}
    assert shown["registered"]["actor"] == {"id": "ada", "source": "local", "verified": False}
    assert shown["record"] == shown["registered"]["record"]
    assert shown["envelope"]["kind"] == "binary"
    table = run("models", "show", SECOND, "--store", store)
    rows = dict(line.split(maxsplit=1) for line in table.stdout.splitlines()[1:])
    assert {"model": SECOND, "state": "candidate", "roc_auc": "0.9", "by": "ada", "degraded": "aggregates"}.items() <= (
        rows.items()
    )
    assert rows["snapshot"] == sha256(b"fraud")[:12]
    assert len(table.stdout.splitlines()) <= 12
    assert max(map(len, table.stdout.splitlines())) <= 80
    assert "-o yaml" in table.stderr
    assert run("models", "show", SECOND, "-o", "name", "--store", store).stdout == f"{SECOND}\n"


def test_compare_sets_metrics_side_by_side_with_their_direction(store: str) -> None:
    compared = answer("compare", FIRST, SECOND, store=store)
    assert isinstance(compared, dict)
    pairs = {pair["metric"]: pair for pair in compared["metrics"]}
    assert pairs["roc_auc"]["difference"] == pytest.approx(0.1)
    assert (pairs["roc_auc"]["direction"], pairs["roc_auc"]["better"]) == ("higher is better", "second")
    assert (pairs["log_loss"]["direction"], pairs["log_loss"]["better"]) == ("lower is better", "first")
    assert (pairs["f1"]["difference"], pairs["f1"]["better"]) == (None, "unknown")
    assert compared["comparable"] is True
    assert {(d["field"], json.dumps(d["first"]), json.dumps(d["second"])) for d in compared["config"]} == {
        ("seed", "null", "42"),
        ("automl.max_trials", "null", "5"),
        ("automl.estimators", "null", '["lgbm"]'),
    }
    table = run("models", "compare", FIRST, SECOND, "--store", store)
    lines = {line.split("  ")[0]: line.split()[1:] for line in table.stdout.splitlines() if line}
    assert f"A = {FIRST}" in table.stdout
    assert lines["automl.max_trials"] == ["default", "5"]
    assert lines["seed"] == ["0", "(default)", "42"]
    assert lines["test rows"][-1] == "same"
    assert (lines["roc_auc"][-2:], lines["log_loss"][-1]) == (["A,", "B"], "A")
    assert "warning" not in table.stderr


def test_compare_warns_where_the_test_rows_differ(store: str) -> None:
    done = run("models", "compare", FIRST, OTHER, "--store", store)
    assert done.returncode == 0
    assert "not measured on the same test rows" in done.stderr


def measured_on(opened: Store, folder: Path, name: str, rows: list[int]) -> str:
    """Registers a model whose folds differ from others', measured on these rows; its id."""
    for part in ("folds", "test_scores"):
        (folder / name / part).mkdir(parents=True)
    (folder / name / "folds/folds.json").write_text(name)
    scores = pa.table(
        {"file": pa.array([0] * len(rows), pa.int8()), "row": rows, "score": [len(name) / 100] * len(rows)}
    )
    write_table(scores, folder / name / "test_scores/scores.parquet")
    kinds = {"folds": "folds", "test_scores": "scores"}
    content = record_content(
        name="fraud",
        config=sha256(name.encode()),
        snapshot=sha256(b"fraud"),
        ports={part: put_artifact(opened, kind, folder / name / part) for part, kind in kinds.items()},
        metrics={"roc_auc": 0.5},
        degraded=[],
    )
    return Registry(opened, ADA).register(content, {"metric": "roc_auc", "kind": "binary", "resolved_config": {}})


def test_models_of_other_folds_with_the_same_test_rows_can_be_compared(tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    opened = open_store(store)
    one, same, other = (
        measured_on(opened, tmp_path, name, rows)
        for name, rows in (("one", [4, 5, 9]), ("another", [4, 5, 9]), ("other", [4, 5, 8]))
    )
    compared = answer("compare", one, same, store=store)
    assert isinstance(compared, dict)
    assert (compared["test_rows"], compared["comparable"]) == ("same", True)
    done = run("models", "compare", one, other, "--store", store)
    assert "not measured on the same test rows" in done.stderr
    opened.delete(blob_key(Registry(opened).record(same).ports["test_scores"]))
    done = run("models", "compare", one, same, "--store", store)
    assert "nothing tells whether they were measured on the same rows" in done.stderr


def test_a_model_compared_with_itself_is_equal(store: str) -> None:
    compared = answer("compare", FIRST, FIRST, store=store)
    assert isinstance(compared, dict)
    assert compared["same_content"] is True
    assert {pair["better"] for pair in compared["metrics"]} == {"equal", "unknown"}
    assert compared["config"] == []


def test_history_is_of_a_name_or_of_one_model(store: str) -> None:
    whole, one = answer("history", "fraud", store=store), answer("history", SECOND, store=store)
    assert isinstance(whole, list)
    assert isinstance(one, list)
    assert [(event["seq"], event["model_id"]) for event in whole] == [(1, FIRST), (2, SECOND)]
    assert whole[1]["previous"] == whole[0]["digest"]
    assert one == whole[1:]
    assert "registered" in run("models", "history", "fraud", "--store", store).stdout


def test_an_intact_model_verifies(store: str) -> None:
    assert answer("verify", FIRST, store=store) == {
        "model_id": FIRST,
        "intact": True,
        "record": sha256(open_store(store).get(RECORD)),
        "registered": True,
        "events": 2,
        "artifacts": 3,
        "bad": [],
    }


def test_verify_names_the_damaged_file_and_the_step_that_makes_it(store: str) -> None:
    opened = open_store(store)
    digest = sha256(b"fraud 42")
    opened.put(f"blobs/sha256/{digest[:2]}/{digest}", b"fraud 43")
    done = run("models", "verify", SECOND, "-o", "json", "--store", store)
    assert done.returncode == 6
    assert json.loads(done.stdout)["bad"] == [
        {"port": "model", "path": "members/model.txt", "digest": digest, "reason": "damaged", "step": "select"}
    ]
    assert "ML8S-T008" in done.stderr
    assert f"members/model.txt is damaged: blob {digest}" in done.stderr
    assert "select" in done.stderr
    assert run("models", "verify", FIRST, "--store", store).returncode == 0, "another model has other files"


def test_verify_names_every_port_of_a_missing_file(store: str) -> None:
    digest = sha256(b"fraud 0")
    open_store(store).delete(f"blobs/sha256/{digest[:2]}/{digest}")
    done = run("models", "verify", FIRST, "-o", "json", "--store", store)
    assert done.returncode == 6
    assert [(bad["port"], bad["step"], bad["reason"]) for bad in json.loads(done.stdout)["bad"]] == [
        ("folds", "split", "missing"),
        ("model", "select", "missing"),
        ("trials[lgbm]", "search[lgbm]", "missing"),
    ]


def test_a_changed_record_or_event_is_tampering(store: str) -> None:
    opened = open_store(store)
    for key in (RECORD, EVENT):
        kept = opened.get(key)
        opened.put(key, kept.replace(b'"ada"', b'"eve"') if key == EVENT else kept.replace(b"0.8", b"0.9"))
        done = run("models", "verify", FIRST, "--store", store)
        assert done.returncode == 6
        assert "ML8S-R004" in done.stderr
        opened.put(key, kept)
    assert run("models", "verify", FIRST, "--store", store).returncode == 0


@pytest.mark.parametrize("verb", ["show", "verify", "history"])
@pytest.mark.parametrize(("model_id", "status"), [("fraud_20260712", 5), ("Fraud", 2), ("fraud_20260711-1", 2)])
def test_an_unknown_model_is_gone_and_a_misspelled_one_is_usage(
    store: str, verb: str, model_id: str, status: int
) -> None:
    done = run("models", verb, model_id, "--store", store)
    assert (done.returncode, done.stdout) == (status, "")
    assert "cure:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_that_is_none_is_usage(tmp_path: Path) -> None:
    done = run("models", "list", "--store", "ftp://host/store")
    assert done.returncode == 2
    assert "ML8S-T009" in done.stderr
