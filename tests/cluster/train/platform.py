"""A platform in a test's namespace, and a training workload beside it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ml8s.catalogue import step
from ml8s.pipelines.pipeline import Task
from ml8s.runner.cache import Result
from ml8s.storage import open_store
from ml8s.storage.store import Store
from tests.cluster.bed.cluster import Space
from tests.cluster.bed.objects import Object
from tests.cluster.bed.places import ACCESS_KEY, REPOSITORY, S3, SECRET_KEY
from tests.cluster.bed.storage import Bucket

ROWS = 3000
# Two searches at once and the controller's own containers, on two CPUs.
SIZE = ("resources.cpu=0.7", "resources.memory=1Gi", "automl.max_trials=3")


def in_cluster(store: Store) -> dict[tuple[str, str], str]:
    """The digest of every port that a store's results name, by task and port."""
    found: dict[tuple[str, str], str] = {}
    for item in store.list("cache/"):
        if item.key.count("/") == 1:
            result = Result.from_bytes(store.get(item.key))
            task = Task(step(result.parts.step), result.parts.item)
            found |= {(task.label, port): digest for port, digest in result.outputs.items()}
    return found


def records(store: Store) -> list[Object]:
    """The content of every record in a store."""
    found = [item.key for item in store.list("registry/") if "/records/" in item.key]
    return [json.loads(store.get(key))["content"] for key in found]


def ml8s(*words: str | Path, seconds: float = 300) -> subprocess.CompletedProcess[str]:
    """Run the command line from this checkout."""
    argv = [sys.executable, "-m", "ml8s", *map(str, words)]
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(argv, capture_output=True, text=True, timeout=seconds, env=env, check=False)


@dataclass(frozen=True)
class Platform:
    """One tenant: its namespace, its part of the bucket, its platform.yaml and a config."""

    space: Space
    bucket: Bucket
    folder: Path
    images: dict[str, str]

    @property
    def store(self) -> str:
        """The store's address."""
        return f"{self.bucket.uri}/store"

    @property
    def config(self) -> Path:
        """The config of the fraud example."""
        return self.folder / "fraud.yaml"

    def prepare(self) -> None:
        """Write platform.yaml, publish the snapshot, and give the namespace its secret and account."""
        text = (REPOSITORY / "ml8s" / "examples" / "fraud.yaml").read_text()
        self.config.write_text(text)
        ml8s_platform = {
            "store": {"uri": self.store, "endpoint": S3},
            "credentials": {"store": {"secret": "ml8s-store"}, "registry": {"secret": "ml8s-store"}},
            "namespace": self.space.name,
            "images": self.images,
            "allowed_buckets": [self.bucket.name],
            "artifacts": {"prefix": f"{self.bucket.prefix}argo"},
        }
        (self.folder / "platform.yaml").write_text(json.dumps(ml8s_platform))
        self.secret(ACCESS_KEY, SECRET_KEY)
        self.space.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "ml8s-runner"}})
        for path in sorted((self.folder / "data").iterdir()):
            self.bucket.put(f"data/{path.name}", path.read_bytes())

    def secret(self, access: str, secret: str) -> None:
        """Set the credentials that the steps get."""
        keys = {"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret}
        self.space.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ml8s-store"}, "stringData": keys})

    def compile(self, *overrides: str) -> Path:
        """Compile the config and return the folder of the objects."""
        values = [f"dataset_uri={self.bucket.uri}/data", *SIZE, *overrides]
        asked = [word for value in values for word in ("--set", value)]
        out = self.folder / "objects"
        done = ml8s("compile", self.config, "-o", out, "--platform", self.folder / "platform.yaml", *asked)
        assert done.returncode == 0, done.stderr
        return out

    def run(self, *overrides: str, have: Sequence[str] = ()) -> str:
        """Compile, apply, submit with the argo CLI, wait for the end; return the workflow's name."""
        folder = self.compile(*overrides)
        self.space.kubectl("apply", "-f", str(folder / "fraud-train-template.yaml"))
        given = [word for value in have for word in ("-p", value)]
        words = ["submit", "--from", "workflowtemplate/fraud-train", "-o", "name", *given]
        name = self.space.argo(*words).strip()
        self.space.finish(name, seconds=420)
        return name

    def pods(self, workflow: str) -> list[str]:
        """The tasks of a workflow for which a pod was started."""
        nodes = self.space.get("workflow", workflow)["status"]["nodes"].values()
        return sorted(node["displayName"] for node in nodes if node["type"] == "Pod")

    def result(self, workflow: str, task: str) -> str:
        """The digest that a task handed on."""
        outputs = self.space.nodes(workflow)[task]["outputs"]["parameters"]
        return next(str(output["value"]) for output in outputs if output["name"] == "result")

    def opened(self) -> Store:
        """The store, for reading."""
        return open_store(self.store)
