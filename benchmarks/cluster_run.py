"""What a run in a cluster costs over the same run on this machine: pods, seconds a step, and where they go.

    make cluster-up cluster-images && eval "$(make -s cluster-env)" && python -m benchmarks.cluster_run

The fraud example with one search, so that one pod follows the other. Kubernetes tells times in whole seconds: only the
sums over all steps are good to a second or two.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

from ml8s.artifacts import canonical_json
from ml8s.cluster.watching import read_objects
from ml8s.examples.generate import publish
from ml8s.storage import probe
from tests.cluster.bed.cluster import connect, create_space
from tests.cluster.bed.places import standard
from tests.cluster.bed.storage import Bucket
from tests.cluster.train import step_images
from tests.cluster.train.command import Finished, User
from tests.cluster.train.platform import ROWS, Platform

BAR = 8.0
PARTS = ("controller", "pod starts", "imports", "work", "pod ends")


@dataclass(frozen=True)
class Timed:
    """A command that has ended, and its wall seconds."""

    done: Finished
    seconds: float


def timed(user: User, *words: str) -> Timed:
    """Runs the fraud example."""
    began = time.monotonic()
    done = user.run("automl.max_trials=5", words=words)
    assert done.status == 0, done.err
    return Timed(done, time.monotonic() - began)


def watch(user: User, seen: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Keeps the last state of every pod of the namespace: those that end well are deleted at once."""
    argv = ["kubectl", "-n", user.platform.space.name, "get", "pods", "--watch", "-o", "json"]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE)
    assert process.stdout is not None
    stream = process.stdout

    def listen() -> None:
        for pod in read_objects(stream):
            task = pod["metadata"]["annotations"]["workflows.argoproj.io/node-name"]  # type: ignore[index, call-overload]
            seen[str(task).partition(".")[2].partition("(")[0]] = pod

    Thread(target=listen, daemon=True).start()
    return process


def moment(text: object) -> float:
    """Seconds of a time in ISO 8601."""
    return datetime.fromisoformat(str(text)).timestamp()


def parts_of(user: User, run: str, pods: Mapping[str, Any]) -> dict[str, list[float]]:
    """Seconds of each part of each step, in order of flow."""
    space, store = user.platform.space, user.platform.opened()
    found, workflow = {}, space.get("workflow", run)
    last = moment(workflow["metadata"]["creationTimestamp"])
    nodes = [node for node in workflow["status"]["nodes"].values() if node["type"] == "Pod"]
    for node in sorted(nodes, key=lambda node: str(node["startedAt"])):
        task = node["displayName"].partition("(")[0]
        [main] = [each for each in pods[task]["status"]["containerStatuses"] if each["name"] == "main"]
        ran = main["state"]["terminated"]
        note = json.loads(store.get(f"runs/{run}/steps/{task}.json"))
        first_line = moment(note["began"]) + note["imports"]
        began, ended = moment(node["startedAt"]), moment(node["finishedAt"])
        stops = [last, began, moment(ran["startedAt"]), first_line, moment(note["began"]) + note["elapsed"], ended]
        found[task] = [after - before for before, after in pairwise(stops)]
        last = ended
    return found


def main() -> None:
    """Measures and prints."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None).parse_args()
    cluster = connect(standard())
    name = f"bench-{uuid.uuid4().hex[:6]}"
    bucket, space = Bucket(prefix=f"{name}/"), create_space(cluster, name, f"{name}/", name)
    seen: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="ml8s-bench-") as folder:
        try:
            publish("fraud", Path(folder) / "data", rows=ROWS)
            user = User(Platform(space, bucket, Path(folder), step_images.load(cluster.places)))
            user.platform.prepare()
            store = user.platform.opened()
            proof = {"endpoint": store.endpoint, "keys": probe.KEYS, "version": probe.VERSION}
            store.put(probe.RESULT, canonical_json(proof))
            watcher = watch(user, seen)
            there = timed(user)
            again = timed(user, "-o", "json")
            here = timed(user, "--local", "--store", str(Path(folder) / "local"))
            table = parts_of(user, there.done.run, seen)
            watcher.terminate()
            watcher.wait()
        finally:
            space.delete()
            bucket.remove()
    report(table, {"cluster": there.seconds, "cluster, again": again.seconds, "this machine": here.seconds})
    assert "no pod is started" in again.done.err


def report(table: Mapping[str, list[float]], walls: Mapping[str, float]) -> None:
    """Prints what was measured."""
    print(f"| step | {' | '.join(PARTS)} |\n|---|{'---:|' * len(PARTS)}")
    sums = [sum(column) for column in zip(*table.values(), strict=True)]
    for task, row in [*table.items(), ("all", sums)]:
        print(f"| {task} | {' | '.join(f'{value:.1f}' for value in row)} |")
    print("\n| run | pods | wall s |\n|---|---:|---:|")
    for name, pods in (("cluster", len(table)), ("cluster, again", 0), ("this machine", 0)):
        print(f"| {name} | {pods} | {walls[name]:.1f} |")
    over = (walls["cluster"] - walls["this machine"]) / len(table)
    imports = sums[PARTS.index("imports")] / len(table)
    print(
        f"\nover the local run: {over:.1f} s a step, {imports:.1f} of them imports: {over - imports:.1f}; bar {BAR:g}"
    )


if __name__ == "__main__":
    main()
