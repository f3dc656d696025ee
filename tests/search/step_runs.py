"""Runs the two steps on a matrix as a runner would, and names what they wrote by its digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ml8s.artifacts import Json, describe_folder
from ml8s.config.model import Config
from ml8s.steps import search, select
from ml8s.steps.context import StepContext

SEARCH_PORTS = ("candidate", "trials", "trial_log")
SELECT_PORTS = ("model", "tune_scores", "selection")


@dataclass(frozen=True)
class Outputs:
    """The folders that a step wrote, and its facts."""

    folders: Mapping[str, Path]
    facts: Mapping[str, Json]

    @property
    def digests(self) -> dict[str, str]:
        return {port: describe_folder(port, folder).digest for port, folder in self.folders.items()}


def _folders(place: Path, ports: tuple[str, ...]) -> dict[str, Path]:
    folders = {port: place / port for port in ports}
    for folder in folders.values():
        folder.mkdir(parents=True)
    return folders


def run_search(
    place: Path,
    matrix: Path,
    config: Config,
    estimator: str,
    *,
    threads: int = 1,
    budget: float | None = None,
    replay: int | None = None,
    progress: object = None,
) -> Outputs:
    folders = _folders(place, SEARCH_PORTS)
    told = {} if progress is None else {"progress": progress}
    inputs = {"matrix": describe_folder("matrix", matrix).digest}
    context = StepContext(config, inputs, estimator, threads, budget, replay, **told)  # type: ignore[arg-type]
    return Outputs(folders, search.run(context, matrix=matrix, **folders))


def run_select(
    place: Path, matrix: Path, config: Config, searches: Mapping[str, Outputs], *, threads: int = 1
) -> Outputs:
    folders = _folders(place, SELECT_PORTS)
    candidates = {name: outputs.folders["candidate"] for name, outputs in searches.items()}
    inputs = {"matrix": describe_folder("matrix", matrix).digest}
    context = StepContext(config, inputs, threads=threads)
    return Outputs(folders, select.run(context, matrix=matrix, candidate=candidates, **folders))
