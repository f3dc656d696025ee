"""A platform in an S3 server on loopback, and its steps run as their containers are: without a cluster around them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ml8s.cluster.planning import Request
from ml8s.cluster.submission import config_parameter
from ml8s.compile import compile_config
from ml8s.config.loader import LoadedConfig, load_config
from ml8s.config.model import Config
from ml8s.examples.generate import publish
from ml8s.pipelines.pipeline import Task
from ml8s.pipelines.train import TRAIN
from ml8s.platform.model import Platform
from ml8s.platform.names import node_name
from ml8s.platform.reading import load_platform
from ml8s.runner.program import fan_out_items
from ml8s.storage import open_store
from ml8s.storage.store import Store
from tests.cli import commands
from tests.s3_server import make_bucket, mark_probed, s3_environment

CORE, TRAINER = "sha256:" + "1" * 64, "sha256:" + "2" * 64
CONFIG = """\
dataset_uri: s3://ml-datasets/churn/v3
task: classification
target_column: churned
positive_class: "yes"
metric: roc_auc
split: {strategy: stratified}
automl: {max_trials: 1, estimators: [lgbm]}
"""


@dataclass
class Tenant:
    """A folder with a config and a platform.yaml, and what lies in the platform's bucket."""

    folder: Path
    endpoint: str

    @property
    def config(self) -> Path:
        return self.folder / "churn.yaml"

    @property
    def platform(self) -> Platform:
        return load_platform(str(self.folder / "platform.yaml"))

    @property
    def store(self) -> Store:
        return open_store(self.platform.store.uri)

    def prepare(self) -> None:
        for bucket in ("ml-datasets", "ml-store"):
            make_bucket(self.endpoint, bucket)
        publish("churn", self.folder / "data", rows=1500)
        snapshot = open_store("s3://ml-datasets/churn/v3")
        for path in (self.folder / "data").iterdir():
            snapshot.put(path.name, path)
        self.config.write_text(CONFIG)
        self.write_platform({})
        mark_probed(self.store)

    def write_platform(self, more: Mapping[str, object]) -> None:
        platform = {
            "store": {"uri": "s3://ml-store/team", "endpoint": self.endpoint},
            "credentials": {"store": {"secret": "ml8s-store"}, "registry": {"secret": "ml8s-registry"}},
            "images": {"core": f"localhost/ml8s-core@{CORE}", "train": f"localhost/ml8s-train@{TRAINER}"},
            **more,
        }
        (self.folder / "platform.yaml").write_text(json.dumps(platform))

    def loaded(self, *overrides: str) -> LoadedConfig:
        return load_config(self.config, overrides)

    def request(self, *overrides: str, **more: object) -> Request:
        return Request(self.loaded(*overrides), self.platform, **more)  # type: ignore[arg-type]

    def run(self, *overrides: str) -> dict[str, str]:
        """Runs every task as its container would; answers what each handed on, by node name."""
        loaded = self.loaded(*overrides)
        made: dict[str, str] = {}
        for task in tasks(loaded.config):
            made[node_name(task)] = self.step(task, loaded, made)
        return made

    def step(self, task: Task, loaded: LoadedConfig, made: Mapping[str, str]) -> str:
        image = CORE if task.spec.image == "core" else TRAINER
        config = config_parameter(compile_config(loaded, self.platform))
        env = {**os.environ, **s3_environment(self.endpoint), "ML8S_CONFIG": config, "ML8S_IMAGE_DIGEST": image}
        result = self.folder / "result"
        argv = [sys.executable, "-m", "ml8s.steps", task.spec.name, "--store", self.platform.store.uri]
        argv += ["--result", str(result), *(["--item", task.item] if task.item else [])]
        fed = [made[name] for name in producers(loaded.config, task)]
        argv += ["--from", ",".join(fed)] if fed else []
        done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stderr
        return result.read_text()

    def ml8s(self, *words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """The command in the tenant's folder, without a kubectl to be found."""
        hidden = {"PATH": str(self.folder / "nothing"), "ML8S_PLATFORM": "", **environment}
        return commands.run(*words, folder=self.folder, environment=hidden)


def tasks(config: Config) -> Sequence[Task]:
    return TRAIN.wire().tasks(lambda path: fan_out_items(config, path))


def producers(config: Config, task: Task) -> list[str]:
    sources = TRAIN.wire().sources(task, lambda path: fan_out_items(config, path))
    return list(dict.fromkeys(node_name(source.producer) for source in sources if source.producer))
