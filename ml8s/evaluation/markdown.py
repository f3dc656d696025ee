"""The report as Markdown, for a pull request or a terminal. Names from the data are escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from ml8s.evaluation.optimism import optimism
from ml8s.evaluation.report import Report
from ml8s.evaluation.wording import aligned, brief, count, number, percent, sentence, shortened

MOST_IMPORTANT: Final = 15
MOST_LISTED: Final = 100
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]|~$@])|(?<=:)(?=//)|^(?=[#+>-])")
_REFERENCES: Final = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))


def escaped(text: str, length: int = 200) -> str:
    """Plain text as Markdown on one line: no tag, link, table bar or emphasis of its own survives."""
    plain = _SPECIAL.sub(r"\\\1", shortened(text, length))
    for character, reference in _REFERENCES:
        plain = plain.replace(character, reference)
    return plain


def render_markdown(report: Report) -> str:
    """The report's main parts; the same bytes for the same report."""
    blocks = [
        [f"# {escaped(report.title, 120)}"],
        _verdict(report),
        _metrics(report),
        _data(report),
        _decisions(report),
        _forecasts(report),
        _importance(report),
        _slices(report),
        _search(report),
        _config(report),
        _features(report),
        _notes(report),
        _lineage(report),
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], numeric: Iterable[int] = ()) -> list[str]:
    right = frozenset(numeric)
    rule = ["---:" if index in right else "---" for index in range(len(head))]
    return ["| " + " | ".join(line) + " |" for line in (head, rule, *rows)]


def _verdict(report: Report) -> list[str]:
    lines = ["**Passed**" if report.passed else "**Failed: the model is not registered**", ""]
    lines += [f"- {escaped(reason)}" for reason in report.reasons]
    if report.words:
        lines += ["", escaped(" ".join(report.words), 2000)]
    return lines


def _metrics(report: Report) -> list[str]:
    rows = []
    for row in report.metrics:
        gates = ", ".join(f"{escaped(gate.words)} {'kept' if gate.passed else '**not kept**'}" for gate in row.gates)
        rows.append((escaped(row.name), number(row.value), number(row.baseline), gates))
    return ["## Metrics on test", "", *_table(("metric", "model", report.baseline_name, "gate"), rows, (1, 2))]


def _data(report: Report) -> list[str]:
    positive = report.kind == "binary"
    rows = []
    for fold in report.data.folds:
        share = fold.classes[-1] / fold.rows if fold.classes and fold.rows and positive else None
        rows.append((fold.name, count(fold.rows), percent(share) if positive else number(fold.mean)))
    last = f"share of {escaped(report.labels[-1], 40)}" if positive else "mean target"
    lines = [f"## Data, split by {escaped(report.data.strategy)}", "", *_table(("fold", "rows", last), rows, (1, 2))]
    if report.data.cuts:
        lines += ["", *(f"- {escaped(name)}: {escaped(value)}" for name, value in report.data.cuts)]
    return lines


def _decisions(report: Report) -> list[str]:
    if report.confusion is None:
        return []
    rows = [
        (escaped(one.label, 40), count(one.rows), count(one.decided), number(one.precision), number(one.recall))
        for one in report.confusion.classes[:MOST_LISTED]
    ]
    at = f" at the threshold {brief(report.threshold)}" if report.threshold is not None else ""
    head = ("class", "rows", "decided", "precision", "recall")
    return [f"## Decisions{at}", "", *_table(head, rows, (1, 2, 3, 4))]


def _forecasts(report: Report) -> list[str]:
    if report.forecasts is None:
        return []
    rows = [(one.steps, count(one.rows), number(one.model), number(one.baseline)) for one in report.forecasts.by_steps]
    metric = escaped(report.forecasts.metric)
    head = ("periods ahead", "rows", f"{metric}", report.baseline_name)
    title = f"## Forecasts of {count(report.forecasts.series)} series, by how far ahead"
    return [title, "", *_table(head, rows, (1, 2, 3))]


def _importance(report: Report) -> list[str]:
    if report.importance is None or not report.importance.columns:
        return []
    shown = report.importance.columns[:MOST_IMPORTANT]
    texts = aligned([value for one in shown for value in (one.mean, one.lowest, one.highest)])
    rows = [(escaped(one.column, 60), *texts[3 * i : 3 * i + 3]) for i, one in enumerate(shown)]
    head = ("column", "mean", "lowest", "highest")
    title = f"## By how much {escaped(report.importance.metric)} gets worse when a column is shuffled"
    return [title, "", *_table(head, rows, (1, 2, 3))]


def _slices(report: Report) -> list[str]:
    lines: list[str] = []
    for table in report.slices:
        rows = [
            (escaped(one.value, 60), count(one.rows), *(number(one.metrics[n]) for n in table.metrics), one.note)
            for one in table.rows
        ]
        head = (escaped(table.column, 60), "rows", *map(escaped, table.metrics), "")
        numeric = range(1, 2 + len(table.metrics))
        lines += ["" if lines else "## Slices", "", *_table(head, rows, numeric)]
    return lines


def _search(report: Report) -> list[str]:
    if not report.candidates:
        return []
    rows = [
        (escaped(one.estimator), number(one.value), count(one.trials), "chosen" if one.chosen else "")
        for one in report.candidates
    ]
    head = ("estimator", f"{escaped(report.metric)} {report.judged}", "trials", "")
    how = " ".join(escaped(text, 400) for text in (sentence(report.selection_reason), optimism(report)) if text)
    return ["## Search", "", how, "", *_table(head, rows, (1, 2))]


def _config(report: Report) -> list[str]:
    if not report.config:
        return []
    rows = [(escaped(path), escaped(value)) for path, value in report.config]
    return ["## Config, beside its defaults", "", *_table(("field", "value"), rows)]


def _features(report: Report) -> list[str]:
    lines = [f"## Features: {len(report.features.made)}", ""]
    if report.features.dropped:
        rows = [(escaped(name, 60), escaped(reason)) for name, reason in report.features.dropped[:MOST_LISTED]]
        lines += _table(("left out", "why"), rows)
    return lines if len(lines) > 2 else lines[:1]


def _notes(report: Report) -> list[str]:
    notes = [f"- asked for in the config and not made: {escaped(name)}" for name in report.degraded]
    notes += [f"- {escaped(warning, 500)}" for warning in report.warnings]
    return ["## To keep in mind", "", *notes] if notes else []


def _lineage(report: Report) -> list[str]:
    return [
        "## Lineage",
        "",
        *_table(("artifact", "sha256"), [(name, f"`{digest}`") for name, digest in report.lineage]),
    ]
