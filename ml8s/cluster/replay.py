"""How many trials an earlier run in the cluster, or a model of the platform's store, did."""

from __future__ import annotations

from ml8s.cluster.kubectl import Kubectl
from ml8s.cluster.outcome import results_of
from ml8s.cluster.runs import find_run
from ml8s.cluster.view import read_view
from ml8s.errors import InvalidUsage, RunNotFound
from ml8s.runner import replay
from ml8s.runner.execution import FACT_TRIALS
from ml8s.storage import open_store


def recorded_trials(kubectl: Kubectl, store: str, name: str) -> dict[str, int]:
    """The number of trials by estimator that a run or a model did.

    Raises:
        RunNotFound, ModelNotFound: there is none of this name, in the cluster or in the store.
        InvalidUsage: the run did not come as far as a search.
        StoreError: this machine cannot read the store.
    """
    opened = open_store(store)
    if replay.is_model_id(name):
        return replay.recorded_trials(opened, name)
    try:
        run = read_view(find_run(kubectl, name))
    except RunNotFound:
        return replay.recorded_trials(opened, name)
    found = {}
    for result in results_of(opened, run).values():
        trials = result.facts.get(FACT_TRIALS)
        if result.parts.item is not None and isinstance(trials, int):
            found[result.parts.item] = trials
    if not found:
        raise InvalidUsage(
            f"run {run.name} did not finish a search, so there is nothing to replay",
            where=run.name,
            cure="name a run that did: `ml8s runs list`",
        )
    return found
