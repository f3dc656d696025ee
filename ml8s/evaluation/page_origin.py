"""The page's sections on where the model comes from: data, search, members, features, lineage."""

from __future__ import annotations

from typing import Final

from ml8s.evaluation.markup import Markup, element, table
from ml8s.evaluation.optimism import optimism
from ml8s.evaluation.page_quality import chart, charts, section
from ml8s.evaluation.plots import Axis, Series, legend, line_chart
from ml8s.evaluation.report import FoldRow, Report
from ml8s.evaluation.wording import count, number, percent, plural, sentence, shortened

MOST_CLASSES: Final = 8
FEWEST_TRIALS: Final = 3
TELLING_TRIALS: Final = 10
MOST_FEATURES: Final = 500
WITH_MEANS: Final = ("regression", "ranking", "forecasting")
PURPOSES: Final = {
    "fit": "trains the models",
    "tune": "guides the search",
    "test": "judges the model, here",
    "dropped": "left out: before a cut, or without a past",
}


def data_section(report: Report) -> Markup:
    """Files, folds and what they hold."""
    data = report.data
    files = ", ".join(f"{shortened(name)} ({plural(rows, 'row')})" for name, rows in data.files)
    how = f"{files}. Split by {data.strategy}" + (
        f"; rows of one {shortened(data.group_column)} stay together." if data.group_column else "."
    )
    classes = report.labels[-1:] if report.kind == "binary" else report.labels[:MOST_CLASSES]
    means = ("Mean target",) if report.kind in WITH_MEANS else ()
    names = (f"“{shortened(label, 24)}”" for label in classes)
    head = ("Fold", "What it does", "Rows", *names, *means)
    rows = [(fold.name, PURPOSES[fold.name], count(fold.rows), *_fold_cells(report, fold)) for fold in data.folds]
    cuts = [
        element("li", element("span", f"{name}: ", class_="soft"), element("code", value)) for name, value in data.cuts
    ]
    left = len(report.labels) - MOST_CLASSES if report.kind == "multiclass" else 0
    note = (
        element("p", f"{plural(left, 'further class', 'further classes')} not shown.", class_="how")
        if left > 0
        else None
    )
    return section(
        "Data", how, table(head, rows, numeric=range(2, len(head))), note, element("ul", cuts) if cuts else None
    )


def _fold_cells(report: Report, fold: FoldRow) -> list[str]:
    if report.kind in WITH_MEANS:
        return [number(fold.mean)]
    if fold.classes is None:
        return ["–"] * (1 if report.kind == "binary" else min(len(report.labels), MOST_CLASSES))
    shown = fold.classes[-1:] if report.kind == "binary" else fold.classes[:MOST_CLASSES]
    return [f"{count(rows)} ({percent(rows / fold.rows)})" if fold.rows else "0" for rows in shown]


def search_section(report: Report) -> Markup | None:
    """Candidates, and how the search went."""
    if not report.candidates:
        return None
    head = ("Estimator", f"{report.metric} {report.judged}", "Trials", "")
    rows = [
        (
            one.estimator,
            number(one.value),
            count(one.trials),
            element("span", "✓ chosen" if one.chosen else "", class_="yes"),
        )
        for one in report.candidates
    ]
    how = " ".join(text for text in (sentence(report.selection_reason), optimism(report)) if text)
    return section("Search", how, table(head, rows, numeric=(1, 2)), _progress(report))


def _progress(report: Report) -> Markup | None:
    drawn = [one for one in report.progress if one.points]
    if not drawn:
        return None
    series = [
        Series(one.estimator, [(float(t), value) for t, value in one.points], colour, "step")
        for colour, one in enumerate(drawn)
    ]
    values = [value for one in drawn for _, value in one.points]
    last = max(trial for one in drawn for trial, _ in one.points)
    if last < FEWEST_TRIALS:
        return None
    flat = "; a flat end means that more trials would give little" if last >= TELLING_TRIALS else ""
    plot = line_chart(
        f"Best {report.metric} {report.judged} by trial",
        Axis("trial", 1.0, float(max(last, 2)), whole=True),
        Axis.around(f"best {report.metric}", values),
        series,
    )
    names = legend([(one.label, one.colour) for one in series])
    return charts(
        chart(
            "Progress",
            f"The best value {report.judged} so far{flat}.",
            names,
            plot,
        )
    )


def config_section(report: Report) -> Markup | None:
    """What the config says beside its defaults."""
    if not report.config:
        return None
    rows = [(element("code", path), element("code", shortened(value, 300))) for path, value in report.config]
    return section("Config", "Values that differ from their default.", table(("Field", "Value"), rows))


def model_section(report: Report) -> Markup:
    """Members of the model and their hyperparameters."""
    fitted = "the fit and tune rows" if report.refit == "fit+tune" else "the fit rows"
    how = f"Fitted on {fitted}, with what the search chose on tune."
    if report.calibrated:
        how += f" Probabilities are calibrated on tune ({report.calibrated})."
    parts = []
    for member in report.members:
        share = f" · {percent(member.weight)} of the score" if len(report.members) > 1 else ""
        parts.append(element("h3", f"{member.estimator}{share}"))
        parts.append(table(("Hyperparameter", "Value"), member.configuration, numeric=(1,)))
    return section("Model", how, *parts)


def features_section(report: Report) -> Markup:
    """What the model sees, and what was left out."""
    made, dropped = report.features.made, report.features.dropped
    how = f"{plural(len(made), 'feature')}, learned on the fit rows. Aggregates: {report.features.aggregates}."
    left = None
    if dropped:
        rows = [(shortened(name), shortened(reason, 300)) for name, reason in dropped[:MOST_FEATURES]]
        left = element("div", element("h3", f"Left out ({len(dropped)})"), table(("Name", "Why"), rows))
    head = ("Feature", "What it is", "Null", "Importance of its column")
    listed = element("details", element("summary", _listing(len(made))), table(head, _made(report), numeric=(2, 3)))
    return section("Features", how, left, listed)


def _made(report: Report) -> list[tuple[str, str, str, str]]:
    """Name, definition, share of nulls and importance of each feature, as far as they are listed."""
    features = report.features
    return [
        (
            shortened(name),
            shortened(definition, 300),
            percent(features.nulls[index]) if features.nulls else "–",
            number(features.importance[index]) if features.importance else "–",
        )
        for index, (name, definition) in enumerate(features.made[:MOST_FEATURES])
    ]


def _listing(features: int) -> str:
    if features > MOST_FEATURES:
        return f"The first {MOST_FEATURES} of {features:,} features; all are in the feature manifest"
    return f"All {plural(features, 'feature')}"


def lineage_section(report: Report) -> Markup:
    """The digests of everything that the evaluation was made from."""
    how = "The sha256 of each artifact that this evaluation was made from; equal digests mean equal content."
    rows = [(name, element("span", digest, class_="digest")) for name, digest in report.lineage]
    return section("Lineage", how, table(("Artifact", "Digest"), rows))
