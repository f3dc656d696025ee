"""What a run in a cluster will start a pod for: its plan against the platform's store, as far as this machine sees."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from ml8s.config.loader import LoadedConfig
from ml8s.errors import BucketMissing, InvalidUsage, StoreError
from ml8s.pipelines.train import TRAIN
from ml8s.platform.model import Platform
from ml8s.platform.names import node_name, targets
from ml8s.runner.fitness import check_evaluation
from ml8s.runner.lookup import Lookup
from ml8s.runner.plan import CACHED, Found, Plan, Workload, make_plan
from ml8s.runner.program import Program
from ml8s.runner.snapshot import Snapshot, find_snapshot, remembered
from ml8s.runner.trial_counts import check_counts, check_replay, write_counts
from ml8s.storage import open_store
from ml8s.storage.store import Store

ENDPOINT: Final = "AWS_ENDPOINT_URL"
REGION: Final = "AWS_REGION"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a cluster.

    Attributes:
        loaded: the config and where it came from.
        platform: where it runs.
        until: the last step wanted, None for all.
        replay: the exact number of trials by estimator, instead of any budget.
        verify: whether every blob of the plan is hashed first, from this machine.
    """

    loaded: LoadedConfig
    platform: Platform
    until: str | None = None
    replay: Mapping[str, int] = field(default_factory=dict)
    verify: bool = False

    @property
    def work(self) -> Workload:
        """The tasks; the code of each is the digest of its image."""
        images = {name: str(image).partition("@")[2] for name, image in self.platform.images}
        code = {f"image.{name}": digest for name, digest in images.items()}
        return Workload(Program(TRAIN), self.loaded.config, code, self.until, images)


@dataclass(frozen=True, slots=True)
class Sight:
    """A plan, and why this machine could not look into the store; empty where it could."""

    plan: Plan
    unread: str = ""

    @property
    def nothing_to_do(self) -> bool:
        """Whether no pod is needed."""
        return not self.plan.to_do


def use_store_of(platform: Platform) -> None:
    """Has this process find the platform's S3 server, unless its environment names one already."""
    if platform.store.endpoint and ENDPOINT not in os.environ:
        os.environ[ENDPOINT] = platform.store.endpoint
    if REGION not in os.environ and "AWS_DEFAULT_REGION" not in os.environ:
        os.environ[REGION] = platform.store.region


def look(request: Request, *, mend: bool = True) -> Sight:
    """The plan of a run.

    With ``mend`` a request to verify sets damaged blobs aside, so that pods put them anew. Where this machine cannot
    read the store or the snapshot, every task is planned: its pod looks its own key up.

    Raises:
        SnapshotNotFound, SnapshotIncomplete, BucketMissing: there is no snapshot at the config's address.
        DeterminismViolation: two results lie under one key.
        UnsuitableTarget: the evaluation does not fit the target that validate found.
        InvalidUsage: ``verify`` where this machine cannot read them; a replay of another number of trials, or of none
            for an estimator; no step of the name ``until``.
    """
    work, store = request.work, open_store(request.platform.store.uri)
    check_counts(work.tasks, request.replay)
    uri = request.loaded.config.dataset_uri
    try:
        snapshot = find_snapshot(uri)
    except StoreError as error:
        if error.exit_status == InvalidUsage.exit_status or isinstance(error, BucketMissing):
            raise
        return _unread(request, work, ("snapshot", uri), error)
    try:
        plan = _plan(request, work, (store, snapshot), mend)
    except StoreError as error:
        return _unread(request, work, ("store", store.uri), error)
    for planned in plan.tasks:
        if planned.state == CACHED and planned.result is not None:
            wanted = request.replay.get(planned.task.item or "")
            check_replay(store.uri, planned.task, planned.result, wanted)
            check_evaluation(work.config, planned.result.facts)
    return Sight(plan)


def parameters(request: Request, plan: Plan) -> dict[str, str]:
    """What a Workflow is told beside its config: the results that the store has, where to stop, what to replay."""
    given = {
        f"have-{node_name(planned.task)}": planned.result.digest
        for planned in plan.tasks
        if planned.state == CACHED and planned.result is not None
    }
    if request.until is not None:
        last = [task for task in request.work.tasks if request.until in (task.label, task.spec.name)]
        given["until"] = targets(last)
    if request.replay:
        given["replay"] = write_counts(request.replay)
    return given


def _unread(request: Request, work: Workload, place: tuple[str, str], error: StoreError) -> Sight:
    """The plan where this machine cannot read one of the two places: what it is, and its address."""
    what, uri = place
    if request.verify:
        raise InvalidUsage(
            f"--verify reads every blob, and this machine cannot read the {what}: {error.message}",
            where=uri,
            cure=f"leave --verify out: each pod checks what it reads; or get credentials for the {what}",
        ) from error
    return Sight(_blind(work, what), f"this machine cannot read the {what} {uri}: {error.message}")


def _plan(request: Request, work: Workload, places: tuple[Store, Snapshot], mend: bool) -> Plan:
    store, snapshot = places
    lookup = Lookup(store, work, request.verify, mend=mend and request.verify, objects=True)
    return lookup.plan(remembered(store, snapshot))


def _blind(work: Workload, what: str) -> Plan:
    plan = make_plan(work, None, lambda _: Found(), lambda _: None, {})
    first = replace(plan.tasks[0], reason=f"its pod looks into the {what}, which this machine cannot read")
    return replace(plan, tasks=(first, *plan.tasks[1:]))
