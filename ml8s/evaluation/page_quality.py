"""The page's sections on how good the model is: metrics, curves, confusion, errors, importance, slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ml8s.evaluation.curves import Curve
from ml8s.evaluation.markup import Markup, element, joined, table
from ml8s.evaluation.plots import Axis, Series, bar_chart, histogram, legend, line_chart
from ml8s.evaluation.report import BinaryParts, MetricRow, Report, SliceTable
from ml8s.evaluation.wording import brief, count, number, percent, plural, shortened

MOST_CLASSES: Final = 15
MOST_BARS: Final = 20
MOST_LISTED: Final = 60
LABEL: Final = 40


def section(title: str, how: str, *content: Markup | None) -> Markup:
    """A section of the page with its heading and one sentence on how to read it."""
    return element("section", element("h2", title), element("p", how, class_="how") if how else None, content)


def chart(title: str, how: str, *content: Markup) -> Markup:
    """A chart with its heading, for the grid of charts."""
    return element("div", element("h3", title), element("p", how, class_="how"), content)


def charts(*items: Markup | None) -> Markup:
    """Charts side by side where there is room."""
    return element("div", [item for item in items if item], class_="charts")


def metrics_section(report: Report) -> Markup:
    """Every metric beside the baseline, with its gates."""
    weighted = f" Rows are weighted by {shortened(report.data.weight_column)}." if report.data.weight_column else ""
    how = f"On the test fold. The {report.baseline_name} looks at no feature. {report.baseline}{weighted}"
    head = ("Metric", "Model", "Baseline", "Gate", "What it is")
    rows = [_metric_cells(row) for row in report.metrics]
    return section("Metrics", how, table(head, rows, numeric=(1, 2), class_="wide metrics"))


def _metric_cells(row: MetricRow) -> list[Markup | str]:
    name = element("strong", row.name) if row.decides else joined(row.name)
    better = "higher is better" if row.greater_is_better else "lower is better"
    value = number(row.value) if row.value is not None else element("span", "none", title=row.reason)
    what = f"{row.summary}; {better}" if not row.reason else f"cannot be computed: {row.reason}"
    gates = [element("div", _mark(gate.passed), " ", gate.words) for gate in row.gates]
    return [name, joined(value), number(row.baseline), joined(gates), element("span", what, class_="soft")]


def _mark(passed: bool) -> Markup:
    return element("span", "✓" if passed else "✗ not kept:", class_="yes" if passed else "no")


def curves_section(report: Report) -> Markup | None:
    """What the score of a binary model is worth at every threshold."""
    parts = report.binary
    if parts is None:
        return None
    label = shortened(report.labels[1], LABEL)
    how = f"The score is the probability of “{label}”. Decisions at one threshold follow below."
    found = charts(
        _roc(parts.roc),
        _precision_recall(parts.precision_recall),
        _calibration(parts),
        _gain(parts),
        _scores(report),
        _thresholds(report),
    )
    return section("Scores", how, found)


def _unit_axis(label: str) -> Axis:
    return Axis(label, 0.0, 1.0)


def _points(curve: Curve) -> list[tuple[float, float]]:
    return list(zip(curve.x, curve.y, strict=True))


def _roc(curve: Curve | None) -> Markup | None:
    if curve is None:
        return None
    drawn = line_chart(
        "ROC curve: true positive rate by false positive rate",
        _unit_axis("false positive rate"),
        _unit_axis("true positive rate"),
        [Series("model", _points(curve))],
        diagonal=True,
    )
    return chart("ROC", "The further up and left of the dashed line of chance, the better.", drawn)


def _precision_recall(curve: Curve | None) -> Markup | None:
    if curve is None:
        return None
    drawn = line_chart(
        "Precision by recall", _unit_axis("recall"), _unit_axis("precision"), [Series("model", _points(curve))]
    )
    return chart("Precision and recall", "How many of those flagged are right, by how many are found.", drawn)


def _calibration(parts: BinaryParts) -> Markup | None:
    if not parts.calibration:
        return None
    points = [(one.predicted, one.observed) for one in parts.calibration]
    top = min(max(max(x, y) for x, y in points) * 1.08, 1.0) or 1.0
    drawn = line_chart(
        "Observed share by mean score, in bins of equal size",
        Axis("mean score", 0.0, top),
        Axis("observed share", 0.0, top),
        [Series("model", points, shape="dots")],
        diagonal=True,
    )
    how = (
        f"On the dashed line, scores can be read as probabilities. Mean distance {number(parts.calibration_error, 3)}."
    )
    return chart("Calibration", how, drawn)


def _gain(parts: BinaryParts) -> Markup | None:
    if not parts.gain:
        return None
    points = [(0.0, 0.0), *((point.share, point.gain) for point in parts.gain)]
    drawn = line_chart(
        "Share of positives found by share of rows taken",
        _unit_axis("share of rows, highest scores first"),
        _unit_axis("share of positives"),
        [Series("model", points)],
        diagonal=True,
    )
    return chart("Gain", "How many positives the highest-scored rows hold; the dashed line is a random choice.", drawn)


def _scores(report: Report) -> Markup | None:
    parts = report.binary
    if parts is None:
        return None
    shares = [[n / max(sum(counts), 1) for n in counts] for counts in parts.histogram.counts]
    axis = Axis("score", parts.histogram.edges[0], parts.histogram.edges[-1])
    drawn = histogram("Distribution of scores by class", axis, parts.histogram.edges, shares, "share of the class")
    names = legend([(label, colour) for colour, label in enumerate(report.labels)])
    return chart(
        "Scores by class", "The less the colours overlap, the better the classes are told apart.", names, drawn
    )


def _thresholds(report: Report) -> Markup | None:
    parts = report.binary
    if parts is None or parts.precision_by_threshold is None or parts.recall_by_threshold is None:
        return None
    axis = Axis("threshold", 0.0, parts.histogram.edges[-1])
    series = [
        Series("precision", _points(parts.precision_by_threshold), 2),
        Series("recall", _points(parts.recall_by_threshold), 3),
    ]
    drawn = line_chart("Precision and recall by threshold", axis, _unit_axis("share"), series, mark=report.threshold)
    names = legend([(one.label, one.colour) for one in series])
    return chart("By threshold", "What another threshold would give; the dotted line is the one in use.", names, drawn)


def confusion_section(report: Report) -> Markup | None:
    """What is decided for rows of each class."""
    found = report.confusion
    if found is None:
        return None
    how = "Rows by true class (down) and decided class (across)."
    if report.threshold is not None:
        how += (
            f" Decided “{shortened(found.labels[1], LABEL)}” at a score of {brief(report.threshold)} or more"
            f" ({report.threshold_origin})."
        )
    order = sorted(range(len(found.labels)), key=lambda i: -found.classes[i].rows)[:MOST_CLASSES]
    order.sort()
    left = len(found.labels) - len(order)
    note = element("p", f"The {left} smallest classes are left out of the square.", class_="how") if left else None
    matrix = _confusion_table(report, order) if found.counts else None
    listed = sorted(found.classes, key=lambda one: -one.rows)[:MOST_LISTED] if left else found.classes
    head = ("Class", "Rows", "Decided", "Precision", "Recall", "F1")
    rows = [
        (
            shortened(one.label),
            count(one.rows),
            count(one.decided),
            number(one.precision),
            number(one.recall),
            number(one.f1),
        )
        for one in listed
    ]
    return section("Decisions", how, matrix, note, table(head, rows, numeric=range(1, 6)))


def _confusion_table(report: Report, order: Sequence[int]) -> Markup | None:
    found = report.confusion
    if found is None:
        return None
    names = [shortened(found.labels[i], 18) for i in order]
    lines = []
    for i in order:
        total = sum(found.counts[i]) or 1.0
        cells = [
            element(
                "td",
                count(found.counts[i][j]),
                class_="heat",
                style=f"--heat:{found.counts[i][j] / total:.3f}",
                title=f"{percent(found.counts[i][j] / total)} of the rows of this class",
            )
            for j in order
        ]
        lines.append(element("tr", element("th", shortened(found.labels[i], 18)), cells))
    head = element("tr", element("th", "true ↓  decided →"), [element("th", name) for name in names])
    whole = element("table", element("thead", head), element("tbody", lines), class_="confusion")
    return element("div", whole, class_="scroll")


def residuals_section(report: Report) -> Markup | None:
    """How far predictions of a regression are from true values."""
    found = report.residuals
    if found is None:
        return None
    quantiles = table(
        ("Share of rows", *(percent(share) for share, _ in found.quantiles)),
        [("residual at most", *(number(value) for _, value in found.quantiles))],
        numeric=range(1, len(found.quantiles) + 1),
    )
    spread = histogram(
        "Distribution of residuals",
        Axis("predicted - true", found.edges[0], found.edges[-1]),
        found.edges,
        [found.counts],
        "rows",
    )
    points = list(zip(found.predicted, found.true, strict=True))
    axis = Axis.around("", [*found.predicted, *found.true])
    bins = line_chart(
        "Mean true value by mean prediction",
        Axis("mean prediction", axis.low, axis.high),
        Axis("mean true value", axis.low, axis.high),
        [Series("model", points, shape="dots")],
        diagonal=True,
    )
    return section(
        "Errors",
        "Residual = predicted - true, in the target's unit. Rows beyond the 1 % and 99 % marks lie in the outer bars.",
        charts(
            chart("Residuals", "Narrow and around zero is good.", spread),
            chart(
                "Prediction against truth",
                "Tenths of the rows by prediction; on the dashed line there is no bias.",
                bins,
            ),
        ),
        quantiles,
    )


def queries_section(report: Report) -> Markup | None:
    """How the quality of a ranking is spread over its queries."""
    found = report.queries
    if found is None:
        return None
    edges = [i / len(found.counts) for i in range(len(found.counts) + 1)]
    label = f"ndcg@{found.k}"
    drawn = histogram(f"Queries by {label}", _unit_axis(label), edges, [found.counts], "queries")
    rows = [("rows of a query", *(count(value) for _, value in found.rows))]
    if found.ndcg:
        rows.append((label, *(number(value) for _, value in found.ndcg)))
    quantiles = table(("Share of queries, at most", *(percent(s) for s, _ in found.rows)), rows, numeric=range(1, 6))
    how = f"{count(found.queries)} queries, {count(found.without_relevant)} of them without a relevant row."
    return section(
        "Queries", how, charts(chart(f"Queries by {label}", "Queries with a relevant row.", drawn)), quantiles
    )


def importance_section(report: Report) -> Markup | None:
    """Which columns the model uses."""
    found = report.importance
    if found is None or not found.columns:
        return None
    shown = found.columns[:MOST_BARS]
    bars = [(one.column, one.mean, one.lowest, one.highest) for one in shown]
    how = (
        f"By how much {found.metric} gets worse when a column's values are shuffled among {count(found.rows)} test "
        f"rows (mean of {found.repeats}; the thin line is their spread). It shows what the model uses, not what causes "
        "the target; columns that say the same share their importance."
    )
    left = len(found.columns) - len(shown)
    note = element("p", f"{plural(left, 'column')} of less importance not shown.", class_="how") if left else None
    return section("What the model uses", how, bar_chart(f"Permutation importance on {found.metric}", bars), note)


def slices_section(report: Report) -> Markup | None:
    """Metrics by value of some columns."""
    if not report.slices:
        return None
    how = "Metrics among the test rows of each value: a model can be weak for some although it is good on the whole."
    return section("Slices", how, *(_slice_table(report, one) for one in report.slices))


def _slice_table(report: Report, found: SliceTable) -> Markup:
    has_means = report.kind != "multiclass"
    means = ("Mean target", "Mean score") if has_means else ()
    rows = [
        (
            shortened(one.value),
            count(one.rows),
            *((number(one.target), number(one.score)) if has_means else ()),
            *(number(one.metrics[name]) for name in found.metrics),
            element("span", one.note, class_="soft"),
        )
        for one in found.rows
    ]
    head = ("Value", "Rows", *means, *found.metrics, "")
    numeric = range(1, 2 + len(means) + len(found.metrics))
    return joined([element("h3", shortened(found.column)), table(head, rows, numeric=numeric, class_="slices")])
