"""CPU time of a local run against one hand-written script that does the same work, under the same environment pin.

    python benchmarks/overhead.py [--rows 200000] [--trials 100]

The script reads and hashes the snapshot, makes as many columns (the aggregates of the past are off: by hand they are
benchmarks/asof.py), fits and judges the very configurations that the run
tried, fits the best one again, and computes metrics and permutation importance on the test rows. Both are measured by
the CPU time of their processes, children included.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ml8s.environment import pinned_environment

ROOT = Path(__file__).parents[1]
SCRIPT = Path(__file__).with_name("overhead_script.py")
RATIO, SECONDS = 1.15, 8.0


@dataclass(frozen=True)
class Cost:
    """CPU and wall seconds of a command."""

    cpu: float
    wall: float


def measure(command: list[str], folder: Path) -> Cost:
    """Runs a command and gives its cost; its output goes to stderr where it fails."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, cwd=folder, env=pinned_environment(), capture_output=True, text=True, check=False)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stderr)
    cost = Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall)
    print(f"{cost.cpu:.1f} CPU s: {' '.join(command)}", file=sys.stderr, flush=True)
    return cost


def tried(folder: Path, config: Path, options: list[str]) -> dict[str, list[dict[str, object]]]:
    """The configurations of every trial of the run, by estimator, from its trial logs."""
    from ml8s.config import load_config
    from ml8s.runner.training import Request, prepare
    from ml8s.storage.blobs import fetch_artifact

    prepared = prepare(Request(load_config(str(config), options[1::2]), str(folder / "store")))
    found = {}
    for name, digest in prepared.plan().made.items():
        if name.startswith("trial_log["):
            fetch_artifact(prepared.store, digest, folder / "logs" / name)
            lines = (folder / "logs" / name / "trials.jsonl").read_text().splitlines()
            found[name[len("trial_log[") : -1]] = [json.loads(line)["configuration"] for line in lines]
    return found


def main() -> None:
    """Measures both and prints the table."""
    parser = argparse.ArgumentParser(description="CPU time of a run against a hand-written script.")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--trials", type=int, default=100)
    asked = parser.parse_args()
    from ml8s.examples.generate import publish

    with tempfile.TemporaryDirectory(prefix="ml8s-overhead-") as name:
        folder = Path(name)
        publish("fraud", folder / "data", rows=asked.rows)
        config = folder / "fraud.yaml"
        config.write_text((ROOT / "ml8s/examples/fraud.yaml").read_text())
        settings = (f"automl.max_trials={asked.trials}", "evaluation.gates={}", "feature_engineering={enabled: false}")
        options = [word for each in settings for word in ("--set", each)]
        ml8s = str(Path(sys.executable).parent / "ml8s")
        run = [ml8s, "run", str(config), "--local", "--store", str(folder / "store"), *options]
        ours = measure(run, folder)
        again = measure(run, folder)
        (folder / "trials.json").write_text(json.dumps(tried(folder, config, options)))
        theirs = measure([sys.executable, str(SCRIPT), str(folder / "data"), str(folder / "trials.json")], folder)
    bar = RATIO * theirs.cpu + SECONDS
    print(f"fraud, {asked.rows:,} rows, {asked.trials} trials per estimator, {len(os.sched_getaffinity(0))} CPUs")
    print(f"{'':24}{'CPU s':>9}{'wall s':>9}")
    for label, cost in (("ml8s run", ours), ("hand-written script", theirs), ("second identical run", again)):
        print(f"{label:24}{cost.cpu:9.2f}{cost.wall:9.2f}")
    print(
        f"bar: 1.15 x script + 8 s = {bar:.1f} s of CPU; the run takes {ours.cpu / theirs.cpu:.2f} x, "
        f"{'within' if ours.cpu <= bar else 'above'} the bar"
    )


if __name__ == "__main__":
    main()
