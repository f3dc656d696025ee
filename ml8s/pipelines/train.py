"""The train pipeline: from a snapshot to a registered candidate."""

from __future__ import annotations

from typing import Final

from ml8s.pipelines.pipeline import Pipeline

TRAIN: Final = Pipeline("train", ("validate", "split", "featurize", "search", "select", "evaluate", "register"))
