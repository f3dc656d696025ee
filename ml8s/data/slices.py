"""Which columns a report may be sliced by: asked when the snapshot is known, and again when the report is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ml8s.data.dataset import Dataset

DROP: Final = "drop"


def known_slices(names: Sequence[str], dataset: Dataset) -> tuple[tuple[str, ...], list[str]]:
    """The columns of ``evaluation.slices`` that the snapshot has and lets be seen, and a warning for each other one."""
    logged = {column.name: column.log for column in dataset.columns}
    reasons = {name: "which the snapshot does not have" for name in names if name not in logged}
    reasons |= {name: "which the snapshot logs as `drop`" for name in names if logged.get(name) == DROP}
    warnings = [f"evaluation.slices names {name!r}, {reason}: no slices of it." for name, reason in reasons.items()]
    return tuple(dict.fromkeys(name for name in names if name not in reasons)), warnings
