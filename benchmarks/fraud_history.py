"""What knowing the past is worth on the fraud example: raw columns, history without a leak, daily refresh, and a leak.

    python benchmarks/fraud_history.py [ROWS]

One LightGBM of fixed settings learns from each set of features, on the same fit, tune and test rows, so that the
figures differ by the features alone. The last row is wrong on purpose: totals over all rows, later ones and their
labels included, as a plain group-by gives them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import lightgbm
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from ml8s.config.model import Config
from ml8s.data.dataset import read_dataset
from ml8s.data.folds import FIT, TEST, TUNE, read_folds
from ml8s.examples import fraud
from ml8s.examples.fraud_history import as_of_features
from ml8s.features.aggregates import attach_aggregates
from ml8s.features.apply import apply
from ml8s.features.manifest import FeatureManifest
from ml8s.features.matrix import Source
from ml8s.steps import featurize, split, validate
from ml8s.steps.context import StepContext

Floats = NDArray[np.float64]
HISTORY: Mapping[str, object] = {
    "enabled": True,
    "primitives": ["sum", "mean", "count"],
    "label_history": {"delay": "7d"},
}
SETTINGS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.7,
    "deterministic": True,
    "force_col_wise": True,
    "seed": 1,
    "verbose": -1,
    "num_threads": 2,
}


def vectors(folder: Path, data: Path, engineering: Mapping[str, object]) -> tuple[Floats, NDArray[np.int8]]:
    """The feature vectors of all rows under a config, and their folds; by the steps of the pipeline."""
    config = Config.model_validate(
        {
            "dataset_uri": "data",
            "task": "classification",
            "target_column": "is_fraud",
            "split": {"strategy": "time", "time_column": "transaction_time", "gap": "7d"},
            "feature_engineering": engineering,
        },
        strict=False,
    )
    ports = {name: folder / name for name in ("dataset", "folds", "features", "matrix", "aggregates", "state")}
    for port in ports.values():
        port.mkdir(parents=True)
    context = StepContext(config, dict.fromkeys(("snapshot", *ports), "0" * 64))
    validate.run(context, snapshot=data, dataset=ports["dataset"])
    split.run(context, snapshot=data, dataset=ports["dataset"], folds=ports["folds"])
    featurize.run(context, snapshot=data, **ports)
    manifest = FeatureManifest.read(ports["features"])
    with Source(data, read_dataset(ports["dataset"])) as source:
        attach_aggregates(source, manifest, ports["aggregates"])
        rows = source.all_rows()
        columns = {column.name: source.column(column.name, rows) for column in manifest.columns}
        return apply(manifest, columns), read_folds(ports["folds"]).fold


def best(payments: fraud.Payments, refresh: int | None) -> Floats:
    """The features that the generator's author wrote, as known at the boundaries of a refresh in seconds."""
    return np.column_stack(list(as_of_features(payments, refresh).values()))


def leaking(payments: fraud.Payments) -> Floats:
    """Wrong: totals of each customer and terminal over all rows, whenever they happened."""
    columns = [payments.cents / 100]
    for key in (payments.customer, payments.terminal):
        count = np.bincount(key)[key]
        columns += [count, np.bincount(key, payments.cents)[key] / count, np.bincount(key, payments.fraud)[key] / count]
    return np.column_stack(columns).astype(np.float64)


def auc(x: Floats, y: NDArray[np.bool_], fold: NDArray[np.int8]) -> float:
    """The test AUC of a LightGBM that learns on fit and stops by tune."""
    fit, tune = (lightgbm.Dataset(x[fold == code], y[fold == code]) for code in (FIT, TUNE))
    stop = lightgbm.early_stopping(50, verbose=False)
    model = lightgbm.train({**SETTINGS, "metric": "auc"}, fit, 600, valid_sets=[tune], callbacks=[stop])
    return float(roc_auc_score(y[fold == TEST], model.predict(x[fold == TEST])))


def main(rows: int) -> None:
    """Prints the table."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        payments = fraud.publish(folder / "data", rows=rows)
        raw, fold = vectors(folder / "raw", folder / "data", {})
        sets = {
            "raw columns": raw,
            "history, as of each payment (`refresh: none`)": vectors(
                folder / "none", folder / "data", {**HISTORY, "refresh": "none"}
            )[0],
            "history, daily refresh (`refresh: 1d`, the default)": vectors(folder / "daily", folder / "data", HISTORY)[
                0
            ],
            "the generator's own best features, as of each payment": best(payments, None),
            "the generator's own best features, as of the last midnight": best(payments, fraud.SECONDS),
            "**wrong**: totals over all rows, the future included": leaking(payments),
        }
        print("| features | columns | test AUC |\n|---|---|---|")
        for name, x in sets.items():
            print(f"| {name} | {x.shape[1]} | {auc(x, payments.fraud, fold):.4f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else fraud.ROWS)
