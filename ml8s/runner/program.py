"""What can be run: a pipeline, the specs of its steps, and where their functions are. A value, like everything here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Protocol

from ml8s.artifacts import Json
from ml8s.catalogue import STEPS, StepSpec
from ml8s.config.model import Config
from ml8s.pipelines.pipeline import Pipeline, Wiring
from ml8s.pipelines.train import TRAIN
from ml8s.steps.context import StepContext


class StepFunction(Protocol):
    """A step: keyword arguments are its ports (folders; a mapping of folders for a ``many`` port)."""

    def __call__(self, context: StepContext, **ports: object) -> Mapping[str, Json] | None:
        """Fills its output folders and returns small facts."""


@dataclass(frozen=True)
class Program:
    """A pipeline with the catalogue that its steps are in and the package that their modules are in."""

    pipeline: Pipeline = TRAIN
    catalogue: tuple[StepSpec, ...] = STEPS
    package: str = "ml8s.steps"

    @cached_property
    def wiring(self) -> Wiring:
        """The checked pipeline."""
        return self.pipeline.wire(self.catalogue)


def load_entry(package: str, step: str) -> StepFunction:
    """The function of a step: ``run`` of the module of its name. Imports what the step needs."""
    entry: StepFunction = import_module(f"{package}.{step}").run
    return entry


def fan_out_items(config: Config, path: str) -> Sequence[str]:
    """The values of the config list that a step is fanned out over, each once."""
    value: object = config
    for name in path.split("."):
        value = getattr(value, name)
    if not isinstance(value, list | tuple):
        raise TypeError(f"{path} is not a list")
    return list(dict.fromkeys(map(str, value)))
