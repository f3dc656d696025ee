"""``ml8s.run`` as a Python user calls it: from a process that knows nothing of the environment pin."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ml8s.environment import PIN
from ml8s.examples.generate import publish

CONFIG = """\
dataset_uri: data
task: classification
target_column: churned
positive_class: "yes"
split: {strategy: stratified}
automl: {max_trials: 2, estimators: [lgbm]}
"""
CODE = """\
import json, os, sys
import ml8s
from ml8s.errors import GateFailed, InvalidConfig

first, again = (ml8s.run("churn.yaml") for _ in range(2))
refused = []
for override in ("metric=rmse", 'evaluation.gates={"roc_auc": ">= 0.999999"}'):
    try:
        ml8s.run("churn.yaml", overrides=[override])
    except (InvalidConfig, GateFailed) as error:
        refused.append([type(error).__name__, error.exit_status, error.where, len(error.problems)])
print(json.dumps([first.model_id, first.steps_run, again.model_id, again.steps_run, first.report,
                  first.summary.rows()[0], "numpy" in sys.modules, refused]))
"""
STOPPED = """\
import ml8s
from ml8s.errors import Interrupted
try:
    ml8s.run("churn.yaml", overrides=["automl.max_trials=100000"])
except Interrupted as stop:
    print(stop.message, stop.exit_status)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a config and its snapshot."""
    publish("churn", tmp_path / "data", rows=1500)
    (tmp_path / "churn.yaml").write_text(CONFIG)
    return tmp_path


def start(code: str, folder: Path) -> subprocess.Popen[str]:
    """Starts a few lines of Python in a folder, without the pin."""
    environment = {name: value for name, value in os.environ.items() if name not in PIN}
    command = [sys.executable, "-c", code]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)


def test_a_process_without_the_pin_trains_in_a_child_that_has_it(folder: Path) -> None:
    said = start(CODE, folder).communicate(timeout=300)[0]
    model, run, same, rerun, report, row, numpy, refused = json.loads(said)
    assert (model, run) == (same, 7)
    assert rerun == 0
    assert (folder / report).is_file()
    assert row["metric"] == "roc_auc"
    assert row["model"] > 0.6
    assert not numpy, "the caller's process does not compute"
    (config, gate) = refused
    assert config[:2] == ["InvalidConfig", 2]
    assert config[3] == 1
    assert gate[:2] == ["GateFailed", 1]
    assert (folder / gate[2]).is_file()


def test_ctrl_c_ends_the_run_in_good_order(folder: Path) -> None:
    with start(STOPPED, folder) as process:
        try:
            deadline = time.monotonic() + 200
            while not list(folder.glob(".ml8s/cache/*.json")):
                assert time.monotonic() < deadline, "no step was finished"
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=200)[0].strip() == "interrupted 130"
        finally:
            process.kill()  # its pinned child dies with it
