"""A small snapshot whose names and values try to break a report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from ml8s.config.loader import parse_config
from ml8s.config.model import Config
from ml8s.examples.snapshot import fields, write_snapshot

SCRIPT = "<script>alert('amount')</script>"
TEMPLATE = "plan {{workflow.parameters.x}} ${x} {% x %}"
TABLE = "a|b `c` **d** [e](http://evil.example) \u202egnp"
TARGET = "target</title><img src=x onerror=alert(1)>"
YES, NO = "<b>yes</b>", "no & {{no}}"
KINDS = ("</style><script>", "\"quoted\" 'both'", "plain", "{{evil}}\x07")
ACCOUNTS = (70417041, 70427042, 70437043)
ROWS = 900


def publish(folder: Path) -> None:
    """Writes the snapshot; its target follows the first column and the kind."""
    rng = np.random.default_rng(5)
    amount, kind = rng.normal(size=ROWS), rng.integers(0, len(KINDS), ROWS)
    late = rng.random(ROWS) < 0.3
    positive = amount + 0.5 * (kind == 2) + rng.normal(scale=0.7, size=ROWS) > 0.8
    table = pa.table(
        {
            SCRIPT: amount,
            TEMPLATE: [None if i % 9 == 0 else KINDS[k] for i, k in enumerate(kind)],
            TABLE: late,
            "note": [f"note {i}" for i in range(ROWS)],
            "account": [ACCOUNTS[i % len(ACCOUNTS)] for i in range(ROWS)],
            "branch": [i % 3 for i in range(ROWS)],
            "weight": rng.integers(1, 4, ROWS).astype(float),
            TARGET: [YES if one else NO for one in positive],
        }
    )
    logged = {"note": {"ml8s:log": "hash"}, "account": {"ml8s:log": "hash"}, "branch": {"ml8s:log": "drop"}}
    write_snapshot(folder, {"train": table}, {"ml8s:version": 1, "fields": fields(table, logged)})


def config(**sections: object) -> Config:
    """A config of two quick searches; ``evaluation`` and other sections as given."""
    import yaml

    value = {
        "dataset_uri": "data/",
        "name": "hostile",
        "task": "classification",
        "target_column": TARGET,
        "positive_class": YES,
        "seed": 3,
        "columns": {"weight": "weight"},
        "split": {"strategy": "stratified"},
        "automl": {"max_trials": 2, "estimators": ["lgbm", "xgboost"]},
        **sections,
    }
    return parse_config(yaml.safe_dump(value), "hostile.yaml").config
