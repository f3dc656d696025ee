"""A model that forecasts, by the commands that a user types: run, predict, refresh, explain, reproduce."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet

from ml8s.registry import Registry
from ml8s.runner.prediction import open_predictor
from ml8s.runner.refresh import refresh_state_of
from ml8s.storage import open_store
from tests.cli.commands import run
from tests.features.forecast.desk import DAY, HORIZON, START, made_rows, take, write_series

CONFIG = """\
dataset_uri: early
task: forecasting
target_column: sales
split: {strategy: time, time_column: day}
forecasting: {series_columns: [shop], horizon: 7, frequency: 1d, gaps: zero, known_columns: [promotion]}
automl: {max_trials: 2, estimators: [lgbm, xgboost], blend: true}
evaluation: {required: [mase, rmsse, rmse, mae], slices: [shop, weather]}
"""
DAYS = 150
EARLY = 130


class Project:
    """A model trained on the first days, and the rows of all days beside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        rows = made_rows(DAYS, ("a", "b", "c"), seed=4)
        self.rows = take(rows, np.arange(3 * DAYS) != 20)
        day = (np.asarray(self.rows["day"]) - START) // DAY
        write_series(folder / "all", self.rows)
        write_series(folder / "early", take(self.rows, day < EARLY))
        (folder / "sales.yaml").write_text(CONFIG)
        self.trained = self.ml8s("run", "sales.yaml", "-o", "json")
        self.model_id = str(self.trained["model_id"])

    def text(self, *arguments: str, status: int = 0) -> str:
        done = run(*arguments, folder=self.folder)
        assert done.returncode == status, done.stderr + done.stdout
        return done.stdout + done.stderr if status else done.stdout

    def ml8s(self, *arguments: str) -> Any:
        return json.loads(self.text(*arguments))

    def plan(self, first: int, name: str = "plan.json", **changes: Any) -> str:
        """A file of promotions for the seven days from one on, in no order."""
        rows = [
            {"day": f"{np.datetime64(START + day * DAY, 'us')}Z", "shop": shop, "promotion": bool(day % 2), **changes}
            for day in range(first + HORIZON - 1, first - 1, -1)
            for shop in ("c", "a", "b")
        ]
        (self.folder / name).write_text(json.dumps(rows))
        return name


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("forecasts"))


def test_a_run_beats_the_seasonal_naive_forecast_and_says_so(project: Project) -> None:
    report = (project.folder / str(project.trained["report"])).read_text()
    assert "better than the seasonal naive forecast" in report
    assert "Forecast against actual of shop=a" in report
    assert "1 period is missing in 1 of 3 series" in report
    record = Registry(open_store(str(project.folder / ".ml8s"))).record(project.model_id)
    assert set(record.metrics) == {"wape", "mase", "rmsse", "rmse", "mae"}
    assert json.loads(project.text("models", "verify", project.model_id, "-o", "json"))["intact"] is True


def test_predict_gives_the_next_horizon_of_every_series(project: Project) -> None:
    found = project.ml8s("predict", project.model_id, "-f", project.plan(EARLY), "-o", "json")
    assert [(one["shop"], one["day"]) for one in found] == [
        (shop, f"2026-05-{11 + day:02d}T00:00:00Z") for shop in ("a", "b", "c") for day in range(HORIZON)
    ]
    assert all(np.isfinite(one["value"]) and one["prediction"] == one["value"] for one in found)
    week = [one["value"] for one in found][:HORIZON]
    assert max(week) > 2 * min(week), "the week of the series is in its forecast"


def test_a_forecast_is_what_training_would_have_scored(project: Project) -> None:
    """The features of a state, and so its forecast, are those of the whole history from the same origin."""
    store = open_store(str(project.folder / ".ml8s"))
    record = Registry(store).record(project.model_id)
    from tests.features.forecast.desk import prepare, settings

    prepared = prepare(project.folder / "all", settings(gaps="zero"))
    predictor = open_predictor(store, record, project.folder / "opened")
    points = predictor.state.next_points()
    from ml8s.features.forecast.history import compute_all

    made = predictor.state.columns(points)
    section = predictor.state.section
    for feature, values in compute_all(section.features, prepared.made.history, points, section.floor):
        assert made[feature.name].tobytes() == values.tobytes(), feature.name


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows: rows[1:], "there is no row of shop=c at 2026-05-17T00:00:00Z"),
        (lambda rows: [*rows, rows[0]], "row 22 repeats the series and time of row 1"),
        (
            lambda rows: [{**row, "promotion": "yes"} for row in rows],
            "promotion is 'yes' (str), expected true or false",
        ),
        (lambda rows: [{**row, "day": None} for row in rows], "day is null"),
        (lambda rows: [], "there is no row of shop=a at 2026-05-11T00:00:00Z"),
    ],
)
def test_rows_that_do_not_fit_the_horizon_are_refused(spoil: Any, message: str, project: Project) -> None:
    rows = json.loads((project.folder / project.plan(EARLY, "spoiled.json")).read_text())
    (project.folder / "spoiled.json").write_text(json.dumps(spoil(rows)))
    said = project.text("predict", project.model_id, "-f", "spoiled.json", status=2)
    assert message in said
    assert "ML8S-D010" in said


def test_columns_known_in_advance_must_be_sent(project: Project) -> None:
    said = project.text("predict", project.model_id, status=2)
    assert "columns that are known in advance: promotion" in said
    assert "each of the next 7 periods after 2026-05-10T00:00:00Z" in said


def test_a_refresh_moves_the_origin_and_nothing_else(project: Project) -> None:
    shown = project.ml8s("features", "refresh", project.model_id, "--snapshot", "all", "--dry-run", "-o", "json")[0]
    assert (shown["as_of"], shown["rows"], shown["state"]) == ("2026-05-30T00:00:00Z", 450, None)
    store = open_store(str(project.folder / ".ml8s"))
    record = Registry(store).record(project.model_id)
    made = refresh_state_of(store, record, str(project.folder / "all"))
    predictor = open_predictor(store, record, project.folder / "refreshed", made.digest)
    rows = json.loads((project.folder / project.plan(DAYS, "later.json")).read_text())
    found = predictor.forecast(rows)
    assert [one["day"] for one in found][:1] == ["2026-05-31T00:00:00Z"]
    assert found == predictor.forecast(list(reversed(rows))), "the order of rows says nothing"
    again = refresh_state_of(store, record, str(project.folder / "all"))
    assert again.digest == made.digest


def test_a_feature_of_the_past_is_explained_with_a_worked_row(project: Project) -> None:
    from ml8s.runner.feature_story import explain_feature

    store = open_store(str(project.folder / ".ml8s"))
    said = explain_feature(store, Registry(store).record(project.model_id), "sales same of week -1").text()
    assert "in the same part of the week (7 periods)" in said
    assert "worked out for row" in said


@pytest.mark.slow
def test_a_model_that_forecasts_is_reproduced_to_the_bit(project: Project) -> None:
    found = project.ml8s("models", "reproduce", project.model_id, "-o", "json")
    assert found["answer"] == "identical"


@pytest.mark.slow
def test_a_single_series_without_known_columns_needs_no_rows_and_takes_none(tmp_path: Path) -> None:
    rows: Mapping[str, Any] = take(made_rows(160, ("a",)), np.arange(160))
    write_series(tmp_path / "one", {name: values for name, values in rows.items() if name in ("day", "sales")})
    config = (
        CONFIG.replace("early", "one")
        .replace("series_columns: [shop], ", "")
        .replace(", known_columns: [promotion]", "")
    )
    config = config.replace("[lgbm, xgboost], blend: true", "[lgbm]").replace(", slices: [shop, weather]", "")
    (tmp_path / "sales.yaml").write_text(config)
    trained = json.loads(run("run", "sales.yaml", "--set", "evaluation.gates={}", "-o", "json", folder=tmp_path).stdout)
    found = run("predict", trained["model_id"], "-o", "json", folder=tmp_path)
    assert [one["day"][:10] for one in json.loads(found.stdout)] == [f"2026-06-{10 + day}" for day in range(7)]
    assert set(json.loads(found.stdout)[0]) == {"day", "prediction", "value"}
    refreshed = run("features", "refresh", trained["model_id"], "--snapshot", "one", "--dry-run", folder=tmp_path)
    assert refreshed.stderr.endswith(f"next: ml8s predict {trained['model_id']}\n"), "it reads no rows"
    (tmp_path / "rows.json").write_text("[{}]")
    refused = run("predict", trained["model_id"], "-f", "rows.json", folder=tmp_path)
    assert refused.returncode == 2
    assert "forecasts from its series alone" in refused.stderr


def test_a_model_of_rows_still_needs_rows(tmp_path: Path) -> None:
    from ml8s.examples.generate import publish

    publish("pricing", tmp_path / "data", rows=800)
    (tmp_path / "p.yaml").write_text(
        "dataset_uri: data\ntask: regression\ntarget_column: price\nsplit: {strategy: random}\n"
        "automl: {max_trials: 1, estimators: [linear]}\n"
    )
    trained = json.loads(run("run", "p.yaml", "-o", "json", folder=tmp_path).stdout)
    refused = run("predict", trained["model_id"], folder=tmp_path)
    assert refused.returncode == 2
    assert "predict needs rows" in refused.stderr


def test_the_artifacts_name_filled_rows_and_distances(project: Project) -> None:
    folder = project.folder / "artifacts"
    from ml8s.storage.blobs import fetch_artifact

    store = open_store(str(project.folder / ".ml8s"))
    record = Registry(store).record(project.model_id)
    for port in ("dataset", "folds", "test_scores"):
        fetch_artifact(store, record.ports[port], folder / port)
    assert parquet.read_table(folder / "dataset/filled.parquet").num_rows == 1
    steps = parquet.read_table(folder / "folds/folds.parquet")["steps"].to_pylist()
    assert set(steps) == set(range(1, HORIZON + 1))
    assert parquet.read_table(folder / "test_scores/scores.parquet").num_rows == 3 * 28
