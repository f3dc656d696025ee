"""The report and its numbers, for every kind of task and for names that try to break it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from ml8s.config.metrics import BINARY, FORECASTING, MULTICLASS, RANKING, REGRESSION
from ml8s.evaluation.assessment import Assessment, Question, assess, slice_tables
from ml8s.evaluation.baseline import learn_baseline, naive_baseline
from ml8s.evaluation.fold_rows import ForecastPoints
from ml8s.evaluation.forecasts import ForecastSummary, summarize_forecasts
from ml8s.evaluation.importance import ColumnImportance
from ml8s.evaluation.markdown import render_markdown
from ml8s.evaluation.metrics import Sample
from ml8s.evaluation.optimism import optimism
from ml8s.evaluation.page import render_html
from ml8s.evaluation.report import (
    CandidateRow,
    DataSummary,
    FeatureTable,
    FoldRow,
    ImportanceTable,
    MemberRow,
    Report,
    SearchProgress,
)

HOSTILE = "<script>alert(1)</script>{{x}}${y}|`\n\u202e\x00"
VOID = {"meta", "br", "link", "img", "hr"}
METRIC = {BINARY: "roc_auc", MULTICLASS: "log_loss", REGRESSION: "rmse", RANKING: "ndcg@10", FORECASTING: "wape"}


class Page(HTMLParser):
    """Checks that every element is closed in order, and collects tags, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.links: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [
            (k, v or "") for k, v in attrs if k in ("href", "src", "action", "data", "srcset") or k.startswith("on")
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def sample(kind: str, rows: int = 600, seed: int = 0) -> Sample:
    rng = np.random.default_rng(seed)
    if kind == BINARY:
        y = (rng.random(rows) < 0.2).astype(float)
        return Sample(y, np.clip(0.3 * y + 0.7 * rng.random(rows), 0, 1))
    if kind == MULTICLASS:
        y = rng.integers(0, 3, rows).astype(float)
        raw = rng.random((rows, 3)) + np.eye(3)[y.astype(int)]
        return Sample(y, raw / raw.sum(axis=1, keepdims=True))
    y = rng.integers(0, 5, rows).astype(float) if kind == RANKING else rng.normal(100, 20, rows)
    if kind == FORECASTING:
        series = np.sort(rng.integers(0, 9, rows))
        return Sample(y, y + rng.normal(0, 2, rows), series=series, scale=np.full((rows, 2), 4.0))
    return Sample(y, y + rng.normal(0, 2, rows), group=rng.integers(0, 40, rows))


def drawn(rows: Sample, name: str) -> ForecastSummary:
    count = rows.y.size
    assert rows.series is not None and rows.scale is not None
    points = ForecastPoints(rows.series, np.arange(count) % 7 + 1, rows.y + 5.0, rows.scale)
    return summarize_forecasts(METRIC[FORECASTING], rows, points, np.arange(count) * 3_600_000_000, [name] * count)


def assessed(kind: str, rows: Sample, gates: dict[str, str] | None = None) -> Assessment:
    labels = {BINARY: ("no", HOSTILE), MULTICLASS: ("a", HOSTILE, "c")}.get(kind, ())
    question = Question(kind, METRIC[kind], labels, gates or {}, ())
    baseline = (
        naive_baseline(rows.y + 5.0) if kind == FORECASTING else learn_baseline(kind, rows.y, None, max(len(labels), 2))
    )
    return assess(question, rows, baseline)


def report_of(found: Assessment, rows: Sample, name: str = HOSTILE) -> Report:
    kind = found.question.kind
    values = np.array([HOSTILE, "other"], dtype=object)[np.arange(rows.y.size) % 2]
    return Report(
        name="hostile",
        config=(("target_column", name),),
        kind=kind,
        target=name,
        labels=found.question.labels,
        metric=found.question.metric,
        passed=found.verdict.passed,
        reasons=found.verdict.reasons,
        words=found.words,
        metrics=found.metric_rows(),
        baseline_name="seasonal naive forecast" if kind == FORECASTING else "constant baseline",
        baseline="Looks at nothing.",
        threshold=0.5 if kind == BINARY else None,
        threshold_origin="the default",
        data=DataSummary(
            ((name, 1000),), 7, (FoldRow("test", 600, (480, 120), 0.2),), "time", (("cut", "2026-01-01"),), name, name
        ),
        refit="fit+tune",
        calibrated="isotonic",
        members=(MemberRow("lgbm", 1.0, ((name, name),)),),
        binary=found.binary,
        confusion=found.confusion,
        residuals=found.residuals,
        queries=found.queries,
        forecasts=drawn(rows, name) if kind == FORECASTING else None,
        importance=ImportanceTable(found.question.metric, 600, 3, (ColumnImportance(name, 1, 0.1, 0.05, 0.2),)),
        slices=slice_tables(found.question, rows, {name: ("string", values)}),
        candidates=(CandidateRow("lgbm", None, 1, 3, True),),
        selection_reason=name,
        progress=(SearchProgress("lgbm", ((1, 0.5), (2, 0.7))),),
        features=FeatureTable(((name, name),), ((name, name),), "off"),
        warnings=(name,),
        degraded=("aggregates",),
        lineage=(("model", "0" * 64),),
    )


@pytest.mark.parametrize("kind", METRIC)
def test_no_name_or_value_becomes_markup(kind: str) -> None:
    rows = sample(kind)
    html = render_html(report_of(assessed(kind, rows), rows))
    page = Page(html)
    assert not page.open
    assert "script" not in page.tags
    assert not {"iframe", "object", "embed", "link", "img", "form", "base"} & page.tags
    assert page.links == []
    assert any("<script>alert(1)</script>{{x}}" in text for text in page.text)
    assert "{{" not in html
    assert "\u202e" not in html
    assert "\x00" not in html


@pytest.mark.parametrize("kind", METRIC)
def test_the_page_needs_nothing_from_elsewhere_and_is_small(kind: str) -> None:
    rows = sample(kind, 5000)
    html = render_html(report_of(assessed(kind, rows), rows, "amount"))
    assert not re.search(r"https?://|//\w|url\(|@import|<script|javascript:", html)
    assert len(html.encode()) < 200_000
    assert "default-src 'none'" in html


@pytest.mark.parametrize("kind", METRIC)
def test_the_parts_of_each_kind_of_task_are_there(kind: str) -> None:
    rows = sample(kind)
    html = render_html(report_of(assessed(kind, rows), rows))
    names = ("Scores", "Decisions", "Errors", "Queries", "Forecasts")
    shown = {name for name in names if f"<h2>{name}</h2>" in html}
    assert (
        shown
        == {
            BINARY: {"Scores", "Decisions"},
            MULTICLASS: {"Decisions"},
            REGRESSION: {"Errors"},
            RANKING: {"Queries"},
            FORECASTING: {"Errors", "Forecasts"},
        }[kind]
    )


@pytest.mark.parametrize("kind", METRIC)
def test_json_and_markdown_hold_the_same_metrics(kind: str) -> None:
    rows = sample(kind)
    report = report_of(assessed(kind, rows), rows)
    value = json.loads(json.dumps(report.to_json(), allow_nan=False))
    text = render_markdown(report)
    assert value["metrics"][0]["name"] == report.metric
    assert [row["value"] for row in value["metrics"]] == [row.value for row in report.metrics]
    assert "<script" not in text
    assert all(line.count("|") - line.count("\\|") in (0, *range(3, 14)) for line in text.splitlines())


def test_the_report_is_named_after_its_model_and_shows_its_config() -> None:
    rows = sample(BINARY)
    report = replace(report_of(assessed(BINARY, rows), rows), name="fraud_v3", target="is_fraud")
    html, text = render_html(report), render_markdown(report)
    assert "<h1>fraud_v3: model for is_fraud</h1>" in html
    assert text.startswith("# fraud\\_v3: model for is\\_fraud\n")
    assert "<h2>Config</h2>" in html
    assert "## Config, beside its defaults" in text
    assert "<h2>Config</h2>" not in render_html(replace(report, config=()))


def test_a_value_on_tune_far_above_that_on_test_is_called_optimistic() -> None:
    rows = sample(BINARY)
    report = report_of(assessed(BINARY, rows), rows)
    main = replace(report.metrics[0], value=0.8, baseline=0.5)
    for tune, far in ((0.9, True), (0.82, False), (0.7, False), (None, False)):
        chosen = (CandidateRow("lgbm", tune, 1, 3, True), CandidateRow("xgboost", 0.99, 1, 3, False))
        shown = replace(report, metrics=(main,), candidates=chosen)
        assert bool(optimism(shown)) is far
        assert ("is what to expect" in render_html(shown)) is ("is what to expect" in render_markdown(shown)) is far
    lower = replace(main, name="log_loss", greater_is_better=False, value=0.4, baseline=0.7)
    assert "log_loss is 0.3 in 5 rounds and 0.4 on test" in optimism(
        replace(report, metrics=(lower,), candidates=(CandidateRow("lgbm", 0.3, 5, 3, True),))
    )


@pytest.mark.parametrize(("trials", "drawn_at_all", "judged"), [(2, False, False), (9, True, False), (10, True, True)])
def test_the_progress_of_few_trials_is_not_made_much_of(trials: int, drawn_at_all: bool, judged: bool) -> None:
    rows = sample(BINARY)
    report = replace(
        report_of(assessed(BINARY, rows), rows), progress=(SearchProgress("lgbm", ((1, 0.5), (trials, 0.7))),)
    )
    html = render_html(report)
    assert ("<h3>Progress</h3>" in html, "more trials would give little" in html) == (drawn_at_all, judged)


def test_the_naive_forecast_is_drawn_thin_and_grey_below_the_others() -> None:
    rows = sample(FORECASTING)
    html = render_html(report_of(assessed(FORECASTING, rows), rows, "amount")).split("<h2>Forecasts</h2>")[1]
    lines = re.findall(r'class="(line[ a-z]* c\d)"', html)
    assert lines[:3] == ["line thin c5", "line c0", "line c1"]
    assert set(lines) == {"line thin c5", "line c0", "line c1"}


def test_hundreds_of_classes_and_thousands_of_features_stay_below_a_megabyte() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 400, 4000).astype(float)
    raw = rng.random((4000, 400)) + np.eye(400)[y.astype(int)]
    rows = Sample(y, raw / raw.sum(axis=1, keepdims=True))
    labels = tuple(f"class {i} with a rather long name of its own, {'x' * 200}" for i in range(400))
    baseline = learn_baseline(MULTICLASS, y, None, 400)
    found = assess(Question(MULTICLASS, "log_loss", labels, {}, ()), rows, baseline)
    listed = tuple((f"feature {i} {'y' * 200}", "z" * 400) for i in range(5000))
    report = replace(report_of(found, rows), features=FeatureTable(listed, listed, "off"))
    assert len(render_html(report).encode()) < 1_000_000
    assert len(render_markdown(report).encode()) < 200_000


def test_rows_that_weigh_nothing_fail_the_model_and_still_give_a_report() -> None:
    rows = replace(sample(BINARY), weight=np.zeros(600))
    report = report_of(assessed(BINARY, rows), rows)
    assert "all weights are zero" in report.reasons[0]
    assert "verdict fail" in render_html(report)


def test_a_failed_gate_stands_on_top_with_its_reason() -> None:
    rows = sample(BINARY)
    html = render_html(report_of(assessed(BINARY, rows, {"roc_auc": ">= 0.9999"}), rows))
    assert "verdict fail" in html
    assert html.index("and the gate asks for at least 0.9999") < html.index("<h2>Metrics</h2>")


@pytest.mark.parametrize("kind", METRIC)
def test_scores_that_are_not_finite_fail_the_model_and_still_give_a_report(kind: str) -> None:
    rows = sample(kind)
    rows.scores.flat[0] = np.nan
    report = report_of(assessed(kind, rows), rows)
    assert not report.passed
    assert "not finite" in report.reasons[0]
    json.dumps(report.to_json(), allow_nan=False)
    assert "verdict fail" in render_html(report)
    assert "nan" not in render_markdown(report).lower()


def test_a_test_fold_of_one_class_gives_a_report_without_curves() -> None:
    rows = Sample(np.zeros(50), np.linspace(0, 0.4, 50))
    found = assessed(BINARY, rows)
    assert not found.verdict.passed
    assert found.binary is not None
    assert found.binary.roc is None
    assert "<h3>ROC</h3>" not in render_html(report_of(found, rows))


def test_the_same_report_gives_the_same_bytes(tmp_path: Path) -> None:
    rows = sample(BINARY)
    first, second = (report_of(assessed(BINARY, sample(BINARY)), rows) for _ in range(2))
    assert render_html(first) == render_html(second)
    assert render_markdown(first) == render_markdown(second)
