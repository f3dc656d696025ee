"""What a data scientist would write by hand for the fraud example: the other side of benchmarks/overhead.py."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import xgboost
from sklearn import metrics

SEED, THREADS, REPEATS, IMPORTANCE_ROWS = 42, 1, 3, 20_000
DATA = Path(sys.argv[1])
TRIALS = json.loads(Path(sys.argv[2]).read_text())

for path in sorted(DATA.rglob("*")):
    if path.is_file():
        print(path.name, hashlib.sha256(path.read_bytes()).hexdigest()[:12])

train, test = pd.read_parquet(DATA / "train.parquet"), pd.read_parquet(DATA / "validation.parquet")
schema = json.loads((DATA / "schema.json").read_text())
keys = schema.get("primaryKey", [])
keys = [keys] if isinstance(keys, str) else keys
keys += [name for key in schema.get("foreignKeys", []) for name in np.atleast_1d(key["fields"])]
for frame in (train, test):
    assert not frame[keys[:1]].duplicated().any()

target, time = "is_fraud", "transaction_time"
train = train.sort_values(time, kind="stable")
cut = int(len(train) * 0.8)
sources = [name for name in train.columns if name not in {target, *keys}]
codes = {
    name: {value: i for i, value in enumerate(train[name][:cut].value_counts().index)}
    for name in sources
    if train[name].dtype == object
}

with_nulls = {name for name in sources if train[name][:cut].isna().any()}


def columns_of(name: str, values: pd.Series) -> list[np.ndarray]:
    """The features of one source column: as many and of the same kinds as the run makes."""
    if name in codes:
        return [values.map(codes[name]).fillna(len(codes[name])).to_numpy(float)]
    if pd.api.types.is_datetime64_any_dtype(values):
        angle = values.dt.minute.to_numpy(float) * (2 * np.pi / 60)
        parts = [getattr(values.dt, part).to_numpy(float) for part in ("hour", "dayofweek", "day")]
        return [*parts, np.sin(angle), np.cos(angle)]
    number = pd.to_numeric(values, errors="coerce").to_numpy(float)
    return [number, np.isnan(number).astype(float)] if name in with_nulls else [number]


def matrix(frame: pd.DataFrame) -> np.ndarray:
    """All features, float64 [rows, features]."""
    return np.column_stack([column for name in sources for column in columns_of(name, frame[name])])


x, y = matrix(train), train[target].to_numpy(float)
x_test, y_test = matrix(test), test[target].to_numpy(float)
print("features", x.shape[1])
categorical, position = [], 0
for name in sources:
    categorical += [position] if name in codes else []
    position += len(columns_of(name, train[name][:1]))


def fit_lightgbm(settings: dict[str, object], rows: slice) -> lightgbm.Booster:
    """One LightGBM model."""
    own = {k: v for k, v in settings.items() if k != "num_iterations"}
    fixed = {"objective": "binary", "metric": "none", "deterministic": True, "force_col_wise": True, "verbose": -1}
    fixed |= {"num_threads": THREADS, "seed": SEED, "feature_pre_filter": False}
    parameters = {**fixed, "max_bin": own["max_bin"]}
    data = lightgbm.Dataset(x[rows], y[rows], categorical_feature=categorical, params=parameters)
    return lightgbm.train({**fixed, **own}, data, num_boost_round=settings["num_iterations"])


def fit_xgboost(settings: dict[str, object], rows: slice) -> xgboost.Booster:
    """One XGBoost model; the bins of the search's rows are made once."""
    own = {k: v for k, v in settings.items() if k != "num_boost_round"}
    fixed = {"objective": "binary:logistic", "tree_method": "hist", "grow_policy": "lossguide", "max_depth": 0}
    fixed |= {"nthread": THREADS, "seed": SEED, "verbosity": 0}
    key = (rows.start, rows.stop)
    if key not in bins:
        bins[key] = xgboost.QuantileDMatrix(x[rows], y[rows], nthread=THREADS)
    return xgboost.train({**fixed, **own}, bins[key], num_boost_round=settings["num_boost_round"])


bins: dict[tuple[int | None, int | None], xgboost.QuantileDMatrix] = {}
FIT = {"lgbm": fit_lightgbm, "xgboost": fit_xgboost}


def score(model: object, values: np.ndarray) -> np.ndarray:
    """P(fraud) of each row."""
    if isinstance(model, lightgbm.Booster):
        return model.predict(values, num_threads=THREADS)
    model.set_param({"nthread": THREADS})
    return model.inplace_predict(values)


best = (-1.0, "", {})
for estimator, configurations in TRIALS.items():
    for settings in configurations:
        value = metrics.roc_auc_score(y[cut:], score(FIT[estimator](settings, slice(0, cut)), x[cut:]))
        best = max(best, (value, estimator, settings), key=lambda found: found[0])
print("best on tune", best[:2])

model = FIT[best[1]](best[2], slice(0, len(x)))
scores = score(model, x_test)
for name in ("roc_auc_score", "average_precision_score", "log_loss", "brier_score_loss"):
    print(name, getattr(metrics, name)(y_test, scores))
decided = scores >= 0.5
for name in ("f1_score", "precision_score", "recall_score", "accuracy_score", "balanced_accuracy_score"):
    print(name, getattr(metrics, name)(y_test, decided))

random = np.random.default_rng(SEED)
rows = random.permutation(len(test))[:IMPORTANCE_ROWS]
base, start = metrics.roc_auc_score(y_test[rows], scores[rows]), 0
sample, part = test.iloc[rows], x_test[rows]
for name in sources:
    width = len(columns_of(name, sample[name][:1]))
    losses = []
    for _ in range(REPEATS):
        shuffled = part.copy()
        mixed = sample[name].iloc[random.permutation(len(rows))]
        shuffled[:, start : start + width] = np.column_stack(columns_of(name, mixed))
        losses.append(base - metrics.roc_auc_score(y_test[rows], score(model, shuffled)))
    start += width
    print("importance", name, np.mean(losses))
