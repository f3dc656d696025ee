"""One run in a process of its own, as `ml8s run` does it; prints the digests of all that it made, as JSON.

The single argument is JSON: config, overrides, store, and optionally until, replay and slots.
"""

from __future__ import annotations

import json
import sys

from ml8s.artifacts import json_digest
from ml8s.config.loader import load_config
from ml8s.registry import Registry
from ml8s.runner import cache
from ml8s.runner.local import cpu_slots
from ml8s.runner.training import Request, prepare, train
from ml8s.storage import open_store


def main() -> None:
    """Trains, then reads back what stands in the store."""
    asked = json.loads(sys.argv[1])
    loaded = load_config(asked["config"], tuple(asked["overrides"]))
    request = Request(
        loaded,
        asked["store"],
        until=asked.get("until"),
        replay=asked.get("replay") or {},
        slots=asked.get("slots") or cpu_slots(),
    )
    trained = train(request)
    store = open_store(asked["store"])
    found = {f"artifact {name}": digest for name, digest in trained.made.items()}
    for planned in prepare(request).plan().tasks:
        if planned.result is not None:
            found[f"result object {planned.task.label}"] = planned.result.digest
    trials = {}
    for key in cache.find_step_keys(store, ""):
        result = cache.read(store, key)
        if result is not None and "trials" in result.facts:
            trials[str(result.parts.item)] = result.facts["trials"]
    if trained.run_key is not None:
        found["run key"] = trained.run_key
    if trained.model_id is not None:
        record = Registry(store).record(trained.model_id)
        found["record content"] = json_digest(record.content)
    answer = {"digests": found, "trials": trials, "model_id": trained.model_id, "steps": trained.steps_run}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
