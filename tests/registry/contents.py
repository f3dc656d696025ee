"""Contents of records for tests."""

from __future__ import annotations

from ml8s.artifacts import Json, sha256
from ml8s.registry.record import record_content


def make_content(auc: float = 0.5, name: str = "fraud", **ports: str) -> dict[str, Json]:
    return record_content(
        name=name,
        config=sha256(b"config"),
        snapshot=sha256(b"snapshot"),
        ports=ports or {"model": sha256(b"model"), "trials[lgbm]": sha256(b"trials")},
        metrics={"roc_auc": auc, "log_loss": None},
        degraded=[],
    )
