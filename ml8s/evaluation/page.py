"""The report as one self-contained page: no script, no external reference, inline SVG, equal bytes everywhere."""

from __future__ import annotations

from importlib import resources
from string import Template
from typing import Final

from ml8s.evaluation import page_forecasts, page_origin, page_quality
from ml8s.evaluation.markup import Markup, element, escaped, joined
from ml8s.evaluation.report import Report
from ml8s.evaluation.wording import count, number, plural, shortened

KINDS: Final = {
    "binary": "binary classification",
    "multiclass": "classification",
    "regression": "regression",
    "ranking": "ranking",
    "forecasting": "forecasting",
}


def render_html(report: Report) -> str:
    """The page of a report, as text without a byte-order mark and with Unix line ends."""
    style = resources.files("ml8s.evaluation").joinpath("page.css").read_text("utf-8")
    page = Template(resources.files("ml8s.evaluation").joinpath("page.html").read_text("utf-8"))
    title = shortened(report.title, 120)
    return page.substitute(title=escaped(title), style=style, body=_body(report, title))


def _body(report: Report, title: str) -> Markup:
    lead = f"Evaluation of a {KINDS[report.kind]} model on rows that took no part in its training or selection."
    parts = [
        element("h1", title),
        element("p", lead, class_="lead"),
        _verdict(report),
        _figures(report),
        _notes(report),
        page_quality.metrics_section(report),
        page_quality.curves_section(report),
        page_quality.confusion_section(report),
        page_quality.residuals_section(report),
        page_quality.queries_section(report),
        page_forecasts.forecasts_section(report),
        page_quality.importance_section(report),
        page_quality.slices_section(report),
        page_origin.data_section(report),
        page_origin.search_section(report),
        page_origin.model_section(report),
        page_origin.config_section(report),
        page_origin.features_section(report),
        page_origin.lineage_section(report),
    ]
    return Markup("\n".join(part for part in parts if part))


def _verdict(report: Report) -> Markup:
    said = "Passed: the model keeps every gate" if report.passed else "Failed: the model is not registered"
    reasons = element("ul", [element("li", reason) for reason in report.reasons])
    words = element("p", " ".join(report.words)) if report.words else None
    mark = "✓ " if report.passed else "✗ "
    return element("section", element("h2", mark + said), reasons, words, class_=f"verdict {_outcome(report)}")


def _outcome(report: Report) -> str:
    return "pass" if report.passed else "fail"


def _figures(report: Report) -> Markup:
    main = report.metrics[0]
    chosen = " + ".join(member.estimator for member in report.members)
    test = next((fold.rows for fold in report.data.folds if fold.name == "test"), 0)
    figures = [
        (number(main.value), f"{main.name} on test; {report.baseline_name} {number(main.baseline)}"),
        (count(test), "test rows"),
        (chosen, f"chosen out of {plural(sum(c.trials for c in report.candidates), 'trial')}"),
        (
            count(len(report.features.made)),
            f"features; the snapshot has {plural(report.data.columns, 'column')}",
        ),
    ]
    cells = [element("div", element("b", value), element("span", label), class_="figure") for value, label in figures]
    return element("div", cells, class_="figures")


def _notes(report: Report) -> Markup | None:
    """What a reader must know before trusting the numbers: warnings, and what was asked for and not done."""
    if not report.warnings and not report.degraded:
        return None
    items = [element("li", f"Asked for in the config and not made: {name}.") for name in report.degraded] + [
        element("li", warning) for warning in report.warnings
    ]
    return element("section", element("h2", "To keep in mind"), joined(element("ul", items)), class_="notes")
