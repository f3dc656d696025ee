"""Gates and the verdict."""

from __future__ import annotations

import pytest

from ml8s.evaluation.gates import judge, parse_rule, shown_rule
from ml8s.evaluation.measured import Measured
from ml8s.runner.summary import Summary

BASELINE = Measured({"roc_auc": 0.5, "log_loss": 0.6}, {})


def test_tables_show_bounds_in_a_few_digits_and_the_verdict_holds_them_whole() -> None:
    model, baseline = Measured({"log_loss": 0.4}, {}), Measured({"log_loss": 0.5357370561723646}, {})
    gates = [gate.to_json() for gate in judge("log_loss", {"log_loss": "<= 0.45"}, (), model, baseline).gates]
    assert gates[0]["rule"] == "< 0.5357370561723646"
    (row,) = Summary("log_loss", model.values, baseline.values, gates, "").rows()
    assert row["gate"] == "< 0.5357 and <= 0.45"
    assert shown_rule("computable") == "computable"


@pytest.mark.parametrize(
    ("text", "value", "kept"),
    [
        (">= 0.9", 0.9, True),
        (">= 0.9", 0.8999999999999999, False),
        ("> 0.9", 0.9, False),
        ("> 0.9", 0.9000000000000001, True),
        ("<= 1e-3", 0.001, True),
        ("< 1e-3", 0.001, False),
        ("<0.5", 0.4, True),
        ("  >=  -2.5E+1 ", -25.0, True),
        (">= .5", 0.5, True),
        (">= 1.", 1.0, True),
    ],
)
def test_a_rule_is_compared_exactly(text: str, value: float, kept: bool) -> None:
    assert parse_rule(text).holds(value) is kept


@pytest.mark.parametrize(
    "text", ["", "0.9", "=> 0.9", "== 0.9", ">= ", ">= .", ">= 0.9.1", ">= nan", ">= 1e", ">= 0,9"]
)
def test_anything_else_is_no_rule(text: str) -> None:
    with pytest.raises(ValueError, match="no bound"):
        parse_rule(text)


@pytest.mark.parametrize(
    ("metric", "value", "passed"),
    [
        ("roc_auc", 0.51, True),
        ("roc_auc", 0.5, False),
        ("roc_auc", 0.49, False),
        ("log_loss", 0.59, True),
        ("log_loss", 0.6, False),
    ],
)
def test_without_gates_a_model_must_be_strictly_better_than_the_baseline(
    metric: str, value: float, passed: bool
) -> None:
    verdict = judge(metric, {}, (), Measured({metric: value}, {}), BASELINE)
    assert verdict.passed is passed
    assert [gate.origin for gate in verdict.gates] == ["default"]


def test_one_failed_gate_fails_the_model_and_only_its_reason_is_given() -> None:
    model = Measured({"roc_auc": 0.87, "log_loss": 0.3}, {})
    verdict = judge("roc_auc", {"roc_auc": ">= 0.9", "log_loss": "<= 0.4"}, (), model, BASELINE)
    assert not verdict.passed
    assert verdict.reasons == ("roc_auc is 0.87, and the gate asks for at least 0.9.",)
    assert [gate.passed for gate in verdict.gates] == [True, True, False]


def test_values_that_round_to_the_bound_are_shown_with_the_digits_that_part_them() -> None:
    model = Measured({"roc_auc": 0.89999999}, {})
    verdict = judge("roc_auc", {"roc_auc": ">= 0.9"}, (), model, BASELINE)
    assert verdict.reasons == ("roc_auc is 0.89999999, and the gate asks for at least 0.90000000.",)


def test_a_required_metric_that_cannot_be_computed_fails_with_the_reason() -> None:
    model = Measured({"log_loss": 0.3}, {"roc_auc": "roc_auc needs rows of both classes"})
    verdict = judge("log_loss", {}, ("roc_auc",), model, BASELINE)
    assert verdict.reasons == ("roc_auc cannot be computed: roc_auc needs rows of both classes.",)


def test_a_gate_on_a_metric_that_cannot_be_computed_fails() -> None:
    model = Measured({"log_loss": 0.3}, {"f1_macro": "it judges multiclass tasks"})
    verdict = judge("log_loss", {"f1_macro": ">= 0"}, (), model, BASELINE)
    assert not verdict.passed


def test_a_deciding_metric_without_a_value_or_a_baseline_fails() -> None:
    assert not judge("roc_auc", {}, (), Measured({}, {"roc_auc": "one class"}), BASELINE).passed
    assert not judge("wape", {}, (), Measured({"wape": 0.1}, {}), Measured({}, {"wape": "zero"})).passed


def test_a_passing_verdict_gives_a_reason_for_each_gate() -> None:
    verdict = judge(
        "roc_auc", {"roc_auc": ">= 0.9"}, ("log_loss",), Measured({"roc_auc": 0.95, "log_loss": 0.2}, {}), BASELINE
    )
    assert verdict.passed
    assert len(verdict.reasons) == 3
    assert all("origin" in gate.to_json() for gate in verdict.gates)
