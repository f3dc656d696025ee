"""Gates: the bounds that a model must keep on the test fold, and the verdict that follows. Pure functions."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ml8s.artifacts import Json
from ml8s.config.metrics import find_metric
from ml8s.evaluation.wording import brief, told_apart

if TYPE_CHECKING:  # numpy, which a caller that only shows rules does without
    from ml8s.evaluation.measured import Measured

CONFIG: Final = "config"
DEFAULT: Final = "default"
REQUIRED: Final = "required"

COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_RULE: Final = re.compile(r"\s*(>=|<=|>|<)\s*(-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")
_IN_WORDS: Final = {">=": "at least", "<=": "at most", ">": "above", "<": "below"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A comparison with a bound, as in ``>= 0.9``."""

    comparison: str
    bound: float

    def __str__(self) -> str:
        return f"{self.comparison} {self.bound!r}"

    def holds(self, value: float) -> bool:
        """Whether a value keeps it; the comparison is exact, without a tolerance."""
        return COMPARISONS[self.comparison](value, self.bound)


@dataclass(frozen=True, slots=True)
class GateResult:
    """What one gate said.

    ``rule`` is None for a metric that only had to be computable. ``origin`` is config, default (better than the
    constant baseline) or required. ``reason`` is one sentence.
    """

    metric: str
    rule: Rule | None
    value: float | None
    passed: bool
    origin: str
    reason: str

    @property
    def words(self) -> str:
        """What it asks for, in a few words."""
        if self.origin == DEFAULT:
            return "better than the baseline"
        return "must be computable" if self.rule is None else shown_rule(str(self.rule))

    def to_json(self) -> dict[str, Json]:
        """The gate as ``verdict.json`` holds it."""
        return {
            "metric": self.metric,
            "rule": "computable" if self.rule is None else str(self.rule),
            "value": self.value,
            "passed": self.passed,
            "origin": self.origin,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """Pass or fail, with every gate and the reasons: those of the failed gates, or of all where all passed."""

    gates: tuple[GateResult, ...]

    @property
    def passed(self) -> bool:
        """Whether every gate was kept."""
        return all(gate.passed for gate in self.gates)

    @property
    def reasons(self) -> tuple[str, ...]:
        """One sentence per failed gate, or per gate where all passed."""
        return tuple(gate.reason for gate in self.gates if self.passed or not gate.passed)


def parse_rule(text: str) -> Rule:
    """Reads ``>= 0.9``; ValueError for anything else."""
    match = _RULE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no bound such as '>= 0.9'")
    return Rule(match[1], float(match[2]))


def shown_rule(text: str) -> str:
    """A rule as tables show it, its bound in a few digits; other text as it is."""
    try:
        rule = parse_rule(text)
    except ValueError:
        return text
    return f"{rule.comparison} {brief(rule.bound)}"


def judge(
    metric: str,
    gates: Mapping[str, str],
    required: Sequence[str],
    model: Measured,
    baseline: Measured,
    *,
    against: str = "constant baseline",
) -> Verdict:
    """The verdict on a model.

    Args:
        metric: the metric that decides; the model must be strictly better on it than the baseline.
        gates: bounds by metric, as the config spells them.
        required: metrics that must be computable.
        model: the model's metrics on the test fold.
        baseline: those of the baseline on the same rows.
        against: what the baseline is called.
    """
    results = [_against_baseline(metric, model, baseline, against)]
    results += [_against_bound(name, parse_rule(gates[name]), model) for name in sorted(gates)]
    results += [_computable(name, model) for name in sorted(set(required))]
    return Verdict(tuple(results))


def _against_baseline(name: str, model: Measured, baseline: Measured, called: str) -> GateResult:
    value, bound = model.value(name), baseline.value(name)
    found = find_metric(name)
    if value is None or found is None:
        return _not_computable(name, None, DEFAULT, model)
    if bound is None:
        why = baseline.undefined.get(name, "it was not computed")
        reason = f"{name} of the {called} cannot be computed: {why}."
        return GateResult(name, None, value, False, DEFAULT, reason)
    rule = Rule(">" if found.greater_is_better else "<", bound)
    passed = rule.holds(value)
    shown, against = told_apart(value, bound)
    compared = "better than" if passed else "not better than"
    reason = f"{name} is {shown}, {compared} the {called}'s {against}."
    return GateResult(name, rule, value, passed, DEFAULT, reason)


def _against_bound(name: str, rule: Rule, model: Measured) -> GateResult:
    value = model.value(name)
    if value is None:
        return _not_computable(name, rule, CONFIG, model)
    shown, bound = told_apart(value, rule.bound)
    words = f"{_IN_WORDS[rule.comparison]} {bound}"
    if rule.holds(value):
        return GateResult(name, rule, value, True, CONFIG, f"{name} is {shown}, {words} as the gate asks.")
    return GateResult(name, rule, value, False, CONFIG, f"{name} is {shown}, and the gate asks for {words}.")


def _computable(name: str, model: Measured) -> GateResult:
    value = model.value(name)
    if value is None:
        return _not_computable(name, None, REQUIRED, model)
    return GateResult(name, None, value, True, REQUIRED, f"{name} is required and is {brief(value)}.")


def _not_computable(name: str, rule: Rule | None, origin: str, model: Measured) -> GateResult:
    why = model.undefined.get(name, "it was not computed")
    return GateResult(name, rule, None, False, origin, f"{name} cannot be computed: {why}.")
