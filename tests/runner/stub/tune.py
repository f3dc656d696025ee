from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from ml8s.artifacts import Json, file_sha256, write_json
from ml8s.steps.context import Progress, StepContext
from tests.runner.stub import called


def run(context: StepContext, *, dataset: Path, candidate: Path, trials: Path) -> Mapping[str, Json]:
    label = f"tune[{context.item}]"
    called(label)
    most = context.replay or context.config.automl.max_trials or 1000
    done, began = 0, time.monotonic()
    while done < most and (context.budget is None or done == 0 or time.monotonic() - began < context.budget):
        done += 1
        context.progress(Progress(done, most, "trials", f"loss {1 / done:.3f}"))
        if context.budget is not None:
            time.sleep(0.01)
    if os.environ.get("STUB_WARN"):
        context.warn("this is only a stub")
    reason = "replay" if context.replay else "max_trials" if done == context.config.automl.max_trials else "time_budget"
    context.progress(Progress(done, most, "trials", "", reason))
    write_json(candidate / "candidate.json", {"of": file_sha256(dataset / "dataset.json"), "trials": done})
    write_json(trials / "trials.json", {"schema": 1, "estimator": context.item, "trials": done})
    (candidate / "noise.txt").write_text(os.environ.get("STUB_NOISE", ""))
    return {"trials": done, "value": 1 / done}
