"""Wall and CPU time of commands that do little, beside ``python -c "import click"`` in the same minute.

    python benchmarks/startup.py [--runs 15]

Bytecode is warm: the first run of each command is not counted. Commands are run in turn, so that a busy machine is
busy for all of them alike; medians are printed as a Markdown table.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONFIG = """\
dataset_uri: s3://ml-datasets/fraud/v3/
task: classification
target_column: is_fraud
metric: roc_auc
split:
  strategy: time
  time_column: transaction_time
feature_engineering:
  enabled: true
  max_depth: 2
  primitives: [sum, mean, count]
automl:
  engine: flaml
  time_budget: 600
  estimators: [lgbm, xgboost]
"""
ML8S = str(Path(sys.executable).with_name("ml8s"))
COMMANDS = {
    "`python -c pass`": [sys.executable, "-c", "pass"],
    '`python -c "import click"`': [sys.executable, "-c", "import click"],
    "`ml8s --help`": [ML8S, "--help"],
    "`ml8s validate CONFIG`": [ML8S, "validate", "CONFIG"],
    "`ml8s explain split.strategy`": [ML8S, "explain", "split.strategy"],
}


def cost(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """CPU and wall seconds of one command."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "fraud_v3.yaml")
        config.write_text(CONFIG)
        commands = {name: [str(config) if word == "CONFIG" else word for word in c] for name, c in COMMANDS.items()}
        costs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for number in range(runs + 1):
            for name, command in commands.items():
                costs[name] += [cost(command, environment)] if number else []
    print("| command | CPU s | wall s |\n|---|---:|---:|")
    for name, pairs in costs.items():
        cpu, wall = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"| {name} | {cpu:.3f} | {wall:.3f} |")


if __name__ == "__main__":
    main()
