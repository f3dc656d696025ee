"""The Kubernetes forms of names: `-` for `_`; the original is a label's or a parameter's value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ml8s.pipelines.pipeline import Task

GROUP: Final = "ml8s.dev"
MODEL_LABEL: Final = f"{GROUP}/model"
PIPELINE_LABEL: Final = f"{GROUP}/pipeline"


def kubernetes_name(name: str) -> str:
    """The form of a model's, step's or estimator's name that Kubernetes accepts."""
    return name.replace("_", "-")


def node_name(task: Task) -> str:
    """The name of a task in Argo, such as ``search-extra-tree``."""
    return kubernetes_name(task.spec.name if task.item is None else f"{task.spec.name}-{task.item}")


def targets(tasks: Sequence[Task]) -> str:
    """What Argo is told to stop after: the names of tasks, with spaces between."""
    return " ".join(node_name(task) for task in tasks)
