"""How much better a model looks on the rows that chose it than on those that judge it."""

from __future__ import annotations

from typing import Final

from ml8s.evaluation.report import Report
from ml8s.evaluation.wording import told_apart

MUCH: Final = 0.1
"""Of what the model gains over the baseline on test."""


def optimism(report: Report) -> str:
    """A sentence where the metric is much better where the search judged than on test; empty elsewhere.

    Much is more than a tenth of what the model gains over the baseline on test: so it means the same for every metric.
    """
    main = report.metrics[0]
    tuned = [one.value for one in report.candidates if one.chosen and one.value is not None]
    if not tuned or main.value is None or main.baseline is None:
        return ""
    sign = 1 if main.greater_is_better else -1
    best = max(tuned, key=lambda value: sign * value)
    if not sign * (best - main.value) > MUCH * abs(main.value - main.baseline):
        return ""
    on_tune, on_test = told_apart(best, main.value)
    return (
        f"{main.name} is {on_tune} {report.judged} and {on_test} on test: the search chose by the first, which is "
        "therefore an optimistic one; the one on test is what to expect."
    )
