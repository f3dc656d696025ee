"""What the numbers say, in sentences for a reader who does not know the metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml8s.evaluation.confusion import Confusion
from ml8s.evaluation.curves import GainPoint
from ml8s.evaluation.queries import QuerySummary
from ml8s.evaluation.residuals import Residuals
from ml8s.evaluation.wording import brief, count, number, percent, plural, shortened

LABEL_LENGTH = 40


def binary_words(
    confusion: Confusion, gain: Sequence[GainPoint], metrics: Mapping[str, float], threshold: float, *, weighted: bool
) -> list[str]:
    """What the score and the decisions at the threshold mean; empty gain where the test fold has one class only."""
    by_weight = " by weight" if weighted else ""
    (tn, fp), (fn, tp) = confusion.counts
    rows, positives, flagged = tn + fp + fn + tp, fn + tp, fp + tp
    label = shortened(confusion.labels[1], LABEL_LENGTH)
    words = [f"Of {count(rows)} test rows{by_weight}, {count(positives)} ({percent(positives / rows)}) are “{label}”."]
    if "roc_auc" in metrics:
        words.append(
            f"A random row of “{label}” scores above a random other row in {percent(metrics['roc_auc'])} of cases."
        )
    if flagged:
        words.append(
            f"At the threshold {brief(threshold)} the model flags {percent(flagged / rows)} of rows: "
            f"{percent(tp / flagged)} of those are “{label}”"
            + (f", and {percent(tp / positives)} of all “{label}” are found." if positives else ".")
        )
    else:
        words.append(f"At the threshold {brief(threshold)} the model flags no row.")
    words += [
        f"The 5 % of rows with the highest scores hold {percent(point.gain)} of all “{label}”, "
        f"{number(point.lift, 3)} times what a random choice would."
        for point in gain
        if point.share == 0.05
    ]
    return words


def multiclass_words(confusion: Confusion, metrics: Mapping[str, float], *, weighted: bool) -> list[str]:
    """How often the decision is right, and which classes are recognised best and worst."""
    rows = sum(one.rows for one in confusion.classes)
    by_weight = " by weight" if weighted else ""
    words = [f"{count(rows)} test rows{by_weight} of {plural(len(confusion.classes), 'class', 'classes')}."]
    if "accuracy" in metrics:
        words.append(f"The most probable class is the right one for {percent(metrics['accuracy'])} of rows.")
    present = [one for one in confusion.classes if one.rows]
    if len(present) > 1:
        best, worst = (pick(present, key=lambda one: (one.recall, one.label)) for pick in (max, min))
        words.append(
            f"Recognised best is “{shortened(best.label, LABEL_LENGTH)}” ({percent(best.recall)} of its rows), "
            f"worst “{shortened(worst.label, LABEL_LENGTH)}” ({percent(worst.recall)})."
        )
    return words


def regression_words(residuals: Residuals, rows: int, within: Mapping[float, float]) -> list[str]:
    """How far predictions are from true values; ``within`` maps a share of rows to the error that it stays below."""
    words = [f"{count(rows)} test rows."]
    words += [
        f"{percent(share)} of predictions are within {number(error)} of the true value."
        for share, error in within.items()
    ]
    too = "too high" if residuals.mean > 0 else "too low"
    words.append(
        f"On average predictions are {number(abs(residuals.mean))} {too}."
        if residuals.mean
        else "On average predictions are neither too high nor too low."
    )
    return words


def ranking_words(queries: QuerySummary) -> list[str]:
    """How many queries there are, and how well they are ordered."""
    words = [f"{plural(queries.queries, 'query', 'queries')}, half of them with at most {queries.rows[2][1]:,} rows."]
    if queries.without_relevant:
        noun = plural(queries.without_relevant, "query has", "queries have")
        words.append(f"{noun} no relevant row; no order of it is wrong, and it counts as 1.")
    if queries.mean_of_relevant is not None:
        words.append(
            f"Of the best possible gain in the first {plural(queries.k, 'row')}, the queries with a relevant row "
            f"reach {percent(queries.mean_of_relevant)} on average, and half of them at least "
            f"{percent(queries.ndcg[2][1])}."
        )
    return words
