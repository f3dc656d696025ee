"""A gate that cannot judge the target is refused as soon as the target is known, before any search."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml8s.config.loader import parse_config
from ml8s.config.model import Config
from ml8s.errors import UnsuitableTarget
from ml8s.runner.fitness import check_evaluation
from tests.cli.commands import run


def config(evaluation: str) -> Config:
    lines = [
        "dataset_uri: data",
        "task: classification",
        "target_column: y",
        "split: {strategy: random}",
        "name: churn",
    ]
    return parse_config("\n".join([*lines, f"evaluation: {{{evaluation}}}"]) + "\n", "churn.yaml").config


@pytest.mark.parametrize(
    ("evaluation", "kind", "where"),
    [
        ('gates: {roc_auc: ">= 0.9"}', "multiclass", "evaluation.gates.roc_auc"),
        ("required: [accuracy, f1]", "multiclass", "evaluation.required"),
        ("required: [f1_macro]", "binary", "evaluation.required"),
    ],
)
def test_a_metric_of_another_number_of_classes_is_refused(evaluation: str, kind: str, where: str) -> None:
    with pytest.raises(UnsuitableTarget, match=f"'y' is {kind}") as caught:
        check_evaluation(config(evaluation), {"kind": kind})
    assert caught.value.where == where
    assert "log_loss" in caught.value.cure


def test_metrics_that_fit_and_steps_that_tell_no_kind_are_let_pass() -> None:
    for kind in ("binary", "multiclass"):
        check_evaluation(config('required: [log_loss], gates: {accuracy: ">= 0.5"}'), {"kind": kind})
    check_evaluation(config("required: [f1]"), {"rows": 5})


def test_a_run_ends_before_its_search(tmp_path: Path) -> None:
    rows = "".join(f"{number},{number % 7}.5,{'abc'[number % 3]}\n" for number in range(90))
    (tmp_path / "train.csv").write_text(f"id,x,y\n{rows}")
    assert run("data", "publish", "train.csv", "data", "--key", "id", folder=tmp_path).returncode == 0
    (tmp_path / "churn.yaml").write_text(
        "dataset_uri: data\ntask: classification\ntarget_column: y\nsplit: {strategy: random}\n"
        "evaluation: {required: [f1]}\nautoml: {max_trials: 1}\n"
    )
    for _ in range(2):  # the second finds validate in the cache
        done = run("run", "churn.yaml", folder=tmp_path)
        assert done.returncode == UnsuitableTarget.exit_status, done.stderr
        assert "the metric f1 judges binary targets, and 'y' is multiclass" in done.stderr
        assert "search" not in done.stderr
