"""The real steps, one after the other on a small snapshot, with folders named as the ports."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ml8s.artifacts import Json, describe_folder
from ml8s.catalogue import step
from ml8s.config.model import Config
from ml8s.steps.context import StepContext

ITEM_STEPS = ("search",)


@dataclass(frozen=True)
class PipelineRun:
    """What a chain of steps left: the folder and digest of every port (of a fan-out: ``port[item]``)."""

    config: Config
    folder: Path
    digests: dict[str, str]

    def port(self, name: str) -> Path:
        return self.folder / name

    def inputs_of(self, name: str) -> tuple[dict[str, Path | dict[str, Path]], dict[str, str]]:
        """The folders and digests of a step's inputs."""
        folders: dict[str, Path | dict[str, Path]] = {}
        digests = {}
        for port in step(name).inputs:
            if port.many:
                items = [key for key in self.digests if key.startswith(f"{port.name}[")]
                folders[port.name] = {key.split("[")[1][:-1]: self.port(key) for key in items}
                digests.update({key: self.digests[key] for key in items})
            else:
                folders[port.name] = self.port(port.name)
                digests[port.name] = self.digests[port.name]
        return folders, digests

    def run(self, name: str, item: str | None = None, threads: int = 1, into: Path | None = None) -> Mapping[str, Json]:
        """Runs one step, and keeps the digests of its outputs where it writes into the chain's own folder."""
        folders, digests = self.inputs_of(name)
        outputs = {}
        for port in step(name).outputs:
            key = port.name if item is None else f"{port.name}[{item}]"
            outputs[port.name] = (into or self.folder) / key
            outputs[port.name].mkdir(parents=True)
        run = importlib.import_module(f"ml8s.steps.{name}").run
        facts = run(StepContext(self.config, digests, item=item, threads=threads), **folders, **outputs)
        if into is None:
            for port in step(name).outputs:
                key = port.name if item is None else f"{port.name}[{item}]"
                self.digests[key] = describe_folder(port.kind, outputs[port.name]).digest
            if name == "validate":
                self.digests["snapshot"] = facts["snapshot"]
        return facts


def run_until_select(config: Config, snapshot: Path, folder: Path) -> PipelineRun:
    """validate, split, featurize, search of each estimator, select."""
    folder.mkdir(parents=True)
    (folder / "snapshot").symlink_to(snapshot, target_is_directory=True)
    chain = PipelineRun(config, folder, {"snapshot": ""})
    for name in ("validate", "split", "featurize"):
        chain.run(name)
    for estimator in config.automl.estimators:
        chain.run("search", estimator)
    chain.run("select")
    return chain
