"""Forecasts of hourly demand: ML8s against seasonal naive forecasts and LightGBM on lags made by hand.

``python benchmarks/bike.py FILE [--trials 12] [--folder FOLDER]`` reads an hourly bike-sharing file (CSV with
``dteday``, ``hr``, ``cnt``, ``holiday``, ``workingday`` and the weather), publishes it as a snapshot, trains by the
config below with the command that a user types, and judges all contenders on the same test hours, forecast 24 hours
ahead. Prints the table of docs/benchmarks.md.

The lags by hand are those that tutorials make: all at least 24 hours old, so that they are known for every hour of the
horizon; with the same calendar and the same columns known in advance.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from ml8s.environment import pinned_environment, start_anew_pinned
from ml8s.evaluation.metrics import compute

HORIZON = 24
KNOWN = ("holiday", "workingday")
SEEN = ("temp", "hum", "windspeed", "weathersit")
CONFIG = """\
dataset_uri: data/
task: forecasting
target_column: cnt
split: {{strategy: time, time_column: time}}
forecasting: {{horizon: 24, frequency: 1h, gaps: zero, known_columns: [holiday, workingday]}}
automl: {{max_trials: {trials}, estimators: [lgbm, xgboost]}}
"""


def main() -> None:
    """Runs all contenders and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="the hourly file, CSV")
    parser.add_argument("--trials", type=int, default=12, help="trials per estimator, default 12")
    parser.add_argument("--folder", type=Path, help="kept: a run that is finished there is not repeated")
    options = parser.parse_args()
    start_anew_pinned([sys.executable, *sys.orig_argv[1:]])
    rows = read(options.file)
    with tempfile.TemporaryDirectory() as scratch:
        values, test = forecast(rows, options.folder or Path(scratch), options.trials)
    hours = complete(rows)
    y, truth = hours["cnt"].to_numpy(np.float64), hours.index.isin(test)
    assert truth.sum() == len(test), "the forecasts are of hours of the file"
    scores = {f"seasonal naive, {lag} h": y[np.flatnonzero(truth) - lag] for lag in (24, 168)}
    scores |= {f"LightGBM on lags by hand, {loss}": by_hand(hours, truth, loss) for loss in ("squared", "absolute")}
    scores["ML8s"] = values
    print(table(scores, y[truth], len(rows), options.trials))


def read(path: Path) -> pd.DataFrame:
    """The rows as a snapshot holds them: the hour, the demand, what is known in advance, and the weather."""
    frame = pd.read_csv(path)
    frame["time"] = pd.to_datetime(frame["dteday"]) + pd.to_timedelta(frame["hr"], unit="h")
    return frame[["time", "cnt", *KNOWN, *SEEN]]


def complete(rows: pd.DataFrame) -> pd.DataFrame:
    """Every hour from the first to the last; a missing one has no demand."""
    hours = pd.date_range(rows["time"].iloc[0], rows["time"].iloc[-1], freq="h")
    whole = rows.set_index("time").reindex(hours)
    whole["cnt"] = whole["cnt"].fillna(0)
    return whole


def forecast(rows: pd.DataFrame, folder: Path, trials: int) -> tuple[np.ndarray, pd.DatetimeIndex]:
    """ML8s' forecasts of the test hours, by the commands that a user types, and the hours."""
    folder.mkdir(exist_ok=True)
    (folder / "bike.yaml").write_text(CONFIG.format(trials=trials))
    if not (folder / "data").exists():
        rows.to_csv(folder / "bike.csv", index=False)
        ml8s(folder, "data", "publish", "bike.csv", "data", "--time", "time", "--target", "cnt")
    run = json.loads(ml8s(folder, "run", "bike.yaml", "-o", "json"))
    from ml8s.registry import Registry
    from ml8s.storage import open_store
    from ml8s.storage.blobs import fetch_artifact

    store = open_store(str(folder / ".ml8s"))
    fetch_artifact(store, Registry(store).record(run["model_id"]).ports["test_scores"], folder / "scores")
    scores = pd.read_parquet(folder / "scores" / "scores.parquet").sort_values("time")
    hours = pd.to_datetime(scores["time"].to_numpy(), unit="us")
    return scores["score"].to_numpy(), pd.DatetimeIndex(hours)


def ml8s(folder: Path, *arguments: str) -> str:
    """The answer of a command."""
    command = [str(Path(sys.executable).with_name("ml8s")), *arguments]
    environment = pinned_environment() | {"ML8S_STORE": str(folder / ".ml8s")}
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def by_hand(hours: pd.DataFrame, test: np.ndarray, loss: str) -> np.ndarray:
    """Forecasts of LightGBM's defaults on lags of at least 24 hours, rolling means that end there, and calendar."""
    import lightgbm

    demand, when = hours["cnt"], hours.index
    features = {"hour": when.hour, "weekday": when.weekday, "month": when.month}
    features |= {name: hours[name].to_numpy() for name in KNOWN}
    features |= {f"lag {lag}": demand.shift(lag).to_numpy() for lag in (24, 48, 72, 168, 336)}
    for window in (24, 168):
        features[f"mean {window}"] = demand.shift(HORIZON).rolling(window).mean().to_numpy()
    features |= {f"{name} 24 h ago": hours[name].shift(HORIZON).to_numpy() for name in SEEN}
    x = pd.DataFrame(features)
    fit = ~test & (np.arange(len(x)) >= 336)
    objective = {"squared": "regression", "absolute": "regression_l1"}[loss]
    model = lightgbm.LGBMRegressor(objective=objective, n_jobs=1, verbose=-1, random_state=0)
    return np.asarray(model.fit(x[fit], demand[fit]).predict(x[test]))


def table(scores: dict[str, np.ndarray], y: np.ndarray, rows: int, trials: int) -> str:
    """The table: errors on the test hours, and wape as a share of each naive forecast's."""
    naive = {lag: compute("wape", y, scores[f"seasonal naive, {lag} h"]) for lag in (24, 168)}
    lines = [
        f"{rows:,} hours, {len(y):,} of them test, {trials} trials of each of lgbm and xgboost.",
        "",
        "| forecast | wape | mae | rmse | wape / naive 24 h | wape / naive 168 h |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, values in scores.items():
        wape, mae, rmse = (compute(metric, y, values) for metric in ("wape", "mae", "rmse"))
        lines.append(
            f"| {name} | {wape:.4f} | {mae:.1f} | {rmse:.1f} | {wape / naive[24]:.3f} | {wape / naive[168]:.3f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
