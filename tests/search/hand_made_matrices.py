"""Small matrix artifacts of every kind of task, made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ml8s.artifacts import Json, write_json
from ml8s.config.model import Config

KINDS = ("binary", "multiclass", "regression", "ranking")
CLASSES = {"binary": 2, "multiclass": 3, "regression": 0, "ranking": 0}
TASKS = {"binary": "classification", "multiclass": "classification"}


def make_matrix(
    folder: Path, kind: str, *, rows: int = 600, seed: int = 0, weighted: bool = False, categories: bool = False
) -> Path:
    """A matrix artifact with 6 features, of which 3 matter, and some missing values; a quarter of it is tune."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 6))
    x[:, 4] = random.integers(0, 8, size=rows)
    signal = 1.5 * x[:, 0] - x[:, 1] * x[:, 2] + np.where(x[:, 4] % 3 == 0, 1.0, 0.0)
    noisy = signal + random.normal(scale=0.7, size=rows)
    x[random.random(x.shape) < 0.03] = np.nan
    fit = rows * 3 // 4
    fold = np.where(np.arange(rows) < fit, 0, 1).astype(np.int8)
    y = {
        "binary": (noisy > 0.5).astype(np.float64),
        "multiclass": np.digitize(noisy, [-0.5, 1.0]).astype(np.float64),
        "regression": noisy,
        "ranking": np.digitize(noisy, [-1.0, 0.5, 2.0]).astype(np.float64),
    }[kind]
    arrays = {"x": x, "y": y, "fold": fold, "file": np.zeros(rows, np.int8), "row": np.arange(rows, dtype=np.int64)}
    if kind == "ranking":
        arrays["group"] = np.arange(rows, dtype=np.int64) // 15
    if weighted:
        arrays["weight"] = random.uniform(0.2, 3.0, size=rows)
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values, allow_pickle=False)
    names = [f"f{index}" for index in range(6)]
    write_json(folder / "matrix.json", _head(kind, rows, names, categories))
    return folder


def _head(kind: str, rows: int, names: list[str], categories: bool) -> dict[str, Json]:
    classes = CLASSES[kind]
    labels: list[Json] = [False, True] if kind == "binary" else list(range(classes))
    return {
        "schema": 1,
        "inputs": {name: character * 64 for name, character in zip(("snapshot", "dataset"), "ab", strict=True)},
        "kind": kind,
        "rows": rows,
        "features": names,
        "categorical": {"f4": 8} if categories else {},
        "classes": classes,
        "target": {
            "column": "y",
            "type": "number",
            "classes": labels or None,
            "positive": 1 if kind == "binary" else None,
            "rows": None,
        },
    }


def make_config(kind: str, **sections: dict[str, object]) -> Config:
    """A config for a task of this kind: five trials per estimator, judged on tune alone unless ``automl`` says."""
    values: dict[str, object] = {
        "dataset_uri": "data/",
        "task": TASKS.get(kind, kind),
        "target_column": "y",
        "split": {"strategy": "random"},
        "columns": {"group": "query"} if kind == "ranking" else {},
    }
    automl = {"cross_validation": "off", **sections.pop("automl", {"max_trials": 5})}
    return Config.model_validate(values | sections | {"automl": automl}, strict=False)
