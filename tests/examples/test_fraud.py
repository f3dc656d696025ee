from __future__ import annotations

from pathlib import Path

import lightgbm
import numpy as np
import pyarrow.parquet as pq
import pytest

from ml8s.evaluation.metrics import compute
from ml8s.examples import fraud
from ml8s.examples.fraud_history import LABEL_DELAY_DAYS, as_of_features
from ml8s.features.apply import apply
from ml8s.features.columns import column_values
from ml8s.features.learn import Source, learn
from ml8s.features.manifest import FeatureManifest

DAY = fraud.SECONDS
RAW = {
    "transaction_time": "time",
    "amount": "number",
    "channel": "string",
    "distance_km": "number",
}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, fraud.Payments]:
    folder = tmp_path_factory.mktemp("fraud") / "snapshot"
    return folder, fraud.publish(folder)


def auc_of_defaults(cut: int, payments: fraud.Payments, x: np.ndarray) -> float:
    """The AUC on validation of LightGBM's defaults fitted on train."""
    y = payments.fraud.astype(np.float64)
    model = lightgbm.LGBMClassifier(deterministic=True, force_col_wise=True, n_jobs=1, verbose=-1)
    model.fit(x[:cut], y[:cut])
    return compute("roc_auc", y[cut:], model.predict_proba(x[cut:])[:, 1])


def raw_matrix(folder: Path) -> np.ndarray:
    """The raw columns of train and validation as featurize makes them."""
    tables = [pq.read_table(folder / f"{name}.parquet", columns=list(RAW)) for name in ("train", "validation")]
    columns = [{name: column_values(table[name], type_) for name, type_ in RAW.items()} for table in tables]
    sources = [Source(name, type_) for name, type_ in RAW.items()]
    learned = learn(sources, columns[0].__getitem__, time="transaction_time", max_features=500)
    manifest = FeatureManifest({}, "binary", {}, learned.columns, (), learned.features)
    return np.concatenate([apply(manifest, part) for part in columns])


def test_fraud_must_be_learned_from_history(full: tuple[Path, fraud.Payments]) -> None:
    folder, payments = full
    cut = fraud.train_rows(payments)
    assert auc_of_defaults(cut, payments, raw_matrix(folder)) <= 0.75
    best = np.column_stack(list(as_of_features(payments).values()))
    assert auc_of_defaults(cut, payments, best) >= 0.88


def test_fraud_is_rare_and_the_data_large(full: tuple[Path, fraud.Payments]) -> None:
    _, payments = full
    cut = fraud.train_rows(payments)
    assert len(payments) >= 200_000
    for part in (payments.fraud[:cut], payments.fraud[cut:]):
        assert 0.01 <= part.mean() <= 0.02
    assert payments.second[:cut].max() < payments.second[cut:].min()
    assert np.diff(payments.second).min() >= 0


@pytest.mark.parametrize("refresh", [None, DAY])
def test_history_is_what_a_slow_count_gives(refresh: int | None) -> None:
    payments = fraud.simulate(2_000, seed=3)[1]
    features = as_of_features(payments, refresh)
    second, cents = payments.second, payments.cents
    for row in range(0, 2_000, 97):
        at = second[row] if refresh is None else second[row] // refresh * refresh
        mine = (payments.customer == payments.customer[row]) & (second < at)
        week = mine & (second >= at - 7 * DAY)
        assert features["customer_count_7d"][row] == week.sum()
        if week.any():
            assert features["customer_mean_amount_7d"][row] == pytest.approx(cents[week].mean() / 100)
        known = at - LABEL_DELAY_DAYS * DAY
        here = payments.terminal == payments.terminal[row]
        month = here & (second < known) & (second >= known - 30 * DAY)
        rate = features["terminal_fraud_rate_30d"][row]
        assert rate == pytest.approx(payments.fraud[month].mean()) if month.any() else np.isnan(rate)


def test_history_reads_no_later_row() -> None:
    payments = fraud.simulate(2_000, seed=3)[1]
    half = payments.take(np.arange(1_000))
    first = int(np.searchsorted(payments.second, payments.second[1_000]))
    early, whole = as_of_features(half), as_of_features(payments)
    for name, values in whole.items():
        np.testing.assert_array_equal(values[:first], early[name][:first])
