"""One step in a container: the same execution as on a laptop, with its inputs named by digests and its answer a digest.

Every result object is a blob too, so that its digest alone tells the next steps what was made.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Final

from ml8s import step_variables
from ml8s.artifacts import Json, sha256
from ml8s.catalogue import SNAPSHOT, StepSpec
from ml8s.config.model import Config
from ml8s.errors import (
    ConfigChanged,
    DigestMismatch,
    InputMissing,
    InternalError,
    InvalidUsage,
    ML8sError,
    ObjectMissing,
    SnapshotChanged,
    StoreUnreachable,
)
from ml8s.pipelines.pipeline import Task
from ml8s.runner import cache
from ml8s.runner.cache import Result
from ml8s.runner.code import code_identity
from ml8s.runner.execution import Job, Observer, Site, execute, execute_effect, gather_inputs
from ml8s.runner.fitness import check_evaluation
from ml8s.runner.keys import time_budget
from ml8s.runner.log_lines import progress_line, warning_line
from ml8s.runner.lookup import write_latest
from ml8s.runner.plan import named_outputs
from ml8s.runner.program import Program, fan_out_items, load_entry
from ml8s.runner.showing import show_result
from ml8s.runner.snapshot import find_snapshot, remember
from ml8s.runner.step_notes import StepNotes
from ml8s.runner.trial_counts import check_counts, check_replay, read_counts
from ml8s.runner.workspace import Scratch, Workspace
from ml8s.storage import Purpose, open_store
from ml8s.storage.blobs import blob_key
from ml8s.storage.probe import ensure_probed
from ml8s.storage.store import Store

TEMPORARY: Final = 75
_DIGEST = re.compile(r"[0-9a-f]{64}")

Log = Callable[[str], None]


def container_status(error: ML8sError) -> int:
    """The exit status that a retry policy reads: 75 where trying again may help."""
    return TEMPORARY if isinstance(error, StoreUnreachable) else error.container_status


def run_container(options: Namespace, program: Program, log: Log) -> int:
    """Runs one step and writes the digest of its result object; for the step that registers, the model's id.

    Raises:
        InputMissing: a result or blob that it needs is missing or damaged; names the producer.
        GateFailed: register found the verdict to be no.
        ML8sError: whatever the step raised.
    """
    store = open_store(options.store)
    notes = StepNotes(store, options.attempt, "-".join(filter(None, [options.step, options.item])))

    def told(line: str) -> None:
        notes.lines.append(line)
        log(line)

    with notes.kept():
        return _run_noted(options, program, notes, told)


def _run_noted(options: Namespace, program: Program, notes: StepNotes, log: Log) -> int:
    store = notes.store
    config = read_config(options)
    task = Task(_spec(program, options.step), options.item)
    began = monotonic()
    load_entry(program.package, task.spec.name)
    notes.facts |= {"imports": round(monotonic() - began, 3)}
    log(f"{task.label} begins")  # the first line, when the imports are done and before any data is read
    ensure_probed(store)
    with Scratch() as workspace:
        inputs = _inputs(store, program, task, options)
        site = _site(store, workspace, task, config)
        if site.manifest is not None:
            inputs[SNAPSHOT] = _same(inputs.get(SNAPSHOT), site.manifest.digest)
        job = Job(
            task=task,
            package=program.package,
            config=config,
            code=code_identity(),
            inputs={name: digest for name, digest in inputs.items() if _wanted(task.spec, name)},
            producers=_producers(program, task, config),
            threads=options.threads or _threads(os.environ),
            budget=_budget(task, config, options.slots),
            replay=_replay(options, task),
        )
        notes.facts |= {"code": dict(job.code), "threads": job.threads, "budget": job.budget}
        return _run(site, job, options, notes, log)


def read_config(options: Namespace) -> Config:
    """The resolved config: a file, or base64 in ML8S_CONFIG, as JSON.

    Raises:
        InvalidUsage: neither is there, or it is no config.
    """
    where = options.config or step_variables.CONFIG
    try:
        if options.config:
            content = Path(options.config).read_bytes()
        else:
            content = base64.b64decode(os.environ[step_variables.CONFIG], validate=True)
            _check_compiled(os.environ[step_variables.CONFIG], os.environ.get(step_variables.COMPILED_FROM))
        return Config.model_validate_json(content)
    except (OSError, KeyError, binascii.Error, ValueError) as error:
        raise InvalidUsage(
            f"no resolved config in {where}: {error}", where=where, cure="give --config FILE or ML8S_CONFIG in base64"
        ) from error


def _check_compiled(config: str, compiled: str | None) -> None:
    """Refuses a config that is not the one whose estimators, resources and deadlines the workflow was made for."""
    if compiled and not sha256(config.encode()).startswith(compiled):
        raise ConfigChanged(
            "the config of this run is not the one that its workflow was compiled from",
            where=step_variables.CONFIG,
            cure="submit what was compiled last: `ml8s run CONFIG`, or `ml8s compile CONFIG` and apply it again",
        )


def _replay(options: Namespace, task: Task) -> int | None:
    if options.replay is not None or not task.spec.budgeted:
        return options.replay  # type: ignore[no-any-return]
    counts = read_counts(os.environ.get(step_variables.REPLAY, ""))
    check_counts([task], counts)
    return counts.get(task.item or "")


def _threads(environment: Mapping[str, str]) -> int:
    told = environment.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdecimal() and int(told) > 0 else 1


def _run(site: Site, job: Job, options: Namespace, notes: StepNotes, log: Log) -> int:
    observer = Observer(lambda progress: log(progress_line(progress)), lambda text: log(warning_line(text)))
    answer = Path(options.result)
    if job.task.spec.effect:
        facts = execute_effect(site, job, gather_inputs(site, job), observer, _envelope(site, job, options))
        model = str(facts.get("model_id", ""))
        answer.write_text(model, encoding="utf-8")
        notes.facts |= {"model_id": model}
        return 0
    found = cache.find(site.store, job.parts.key)
    lacking = found is None or bool(cache.absent_outputs(site.store, found))
    notes.facts |= {"key": job.parts.key, "cached": not lacking}
    if found is None or lacking:
        found = execute(site, job, gather_inputs(site, job), observer).result
    else:
        check_replay(site.store.uri, job.task, found, job.replay)
        log(f"{job.task.label} is cached: {found.key}")
    if site.snapshot is not None and site.manifest is not None:
        remember(site.store, site.snapshot, site.manifest)
    site.store.put(blob_key(found.digest), found.to_bytes())
    write_latest(site.store, job.config.name or "", {job.task.label: found}, None)
    check_evaluation(job.config, found.facts)
    if options.show:
        show_result(site, found, Path(options.show))
    answer.write_text(found.digest, encoding="utf-8")
    notes.facts |= {"result": found.digest}
    return 0


def _envelope(site: Site, job: Job, options: Namespace) -> Mapping[str, Json]:
    if options.envelope:
        given: Mapping[str, Json] = json.loads(Path(options.envelope).read_bytes())
        return given
    from ml8s.runner.envelope import describe_container

    actor = os.environ.get(step_variables.ACTOR, "")
    return describe_container(job.config, site.store.uri, job.code, options.attempt, actor)


def _spec(program: Program, name: str) -> StepSpec:
    specs = {spec.name: spec for spec in program.wiring.specs}
    if name not in specs:
        raise InvalidUsage(f"there is no step {name!r}", where="NAME", cure=f"name one of: {', '.join(specs)}")
    return specs[name]


def _inputs(store: Store, program: Program, task: Task, options: Namespace) -> dict[str, str]:
    """Input names to digests, from the digests of producers' result objects."""
    found: dict[str, str] = {}
    for pair in options.input:
        name, equals, digest = pair.partition("=")
        if not equals or not digest:
            raise InvalidUsage(f"--input {pair} is not PORT=DIGEST", cure="name the port and its artifact's digest")
        found[name] = digest
    for digest in told_digests(options.made_by):
        result = _result(store, digest)
        spec = _spec(program, result.parts.step)
        found |= named_outputs(Task(spec, result.parts.item), result)
        if SNAPSHOT in result.parts.inputs:
            found.setdefault(SNAPSHOT, result.parts.inputs[SNAPSHOT])
    missing = [
        port.name
        for port in task.spec.inputs
        if port.name != SNAPSHOT and not any(name.partition("[")[0] == port.name for name in found)
    ]
    if missing:
        raise InvalidUsage(
            f"{task.label} is not told its inputs {', '.join(missing)}", cure="give --from with its producers' results"
        )
    return found


def told_digests(given: Sequence[str]) -> list[str]:
    """The digests of ``--from``, each option holding one or several with commas between.

    Raises:
        InternalError: one is empty or no sha256: whoever started this container lost a result.
    """
    digests = [digest for text in given for digest in text.split(",")]
    for digest in digests:
        if _DIGEST.fullmatch(digest) is None:
            raise InternalError(
                f"--from is told {digest!r}, which is no digest",
                where="--from",
                cure="a step before this one gave no result: `ml8s runs logs` shows its end",
            )
    return digests


def _result(store: Store, digest: str) -> Result:
    try:
        content = store.get(blob_key(digest))
        if sha256(content) != digest:
            raise DigestMismatch("it does not have its digest", where=digest, cure="run its step once more")
        return Result.from_bytes(content)
    except (ObjectMissing, DigestMismatch) as error:
        raise InputMissing(
            f"the result object {digest} cannot be read: {error.message}",
            producer="",
            where=error.where,
            cure="run the step that made it once more: `ml8s runs retry`",
        ) from error


def _site(store: Store, workspace: Workspace, task: Task, config: Config) -> Site:
    if all(port.name != SNAPSHOT for port in task.spec.inputs):
        registry = open_store(store.uri, Purpose.REGISTRY) if task.spec.effect else None
        return Site(store, workspace, registry=registry)
    snapshot = find_snapshot(config.dataset_uri)
    return Site(store, workspace, snapshot, workspace.snapshot(snapshot, None)[1])


def _same(told: str | None, found: str) -> str:
    if told is not None and told != found:
        raise SnapshotChanged(
            f"the snapshot is {found[:12]} now, and {told[:12]} was validated",
            cure="a snapshot is immutable: publish changed data at a new address and name that in `dataset_uri`",
        )
    return found


def _wanted(spec: StepSpec, name: str) -> bool:
    return any(name.partition("[")[0] == port.name for port in spec.inputs)


def _producers(program: Program, task: Task, config: Config) -> dict[str, str]:
    sources = program.wiring.sources(task, lambda path: fan_out_items(config, path))
    return {source.name: source.producer.label for source in sources if source.producer is not None}


def _budget(task: Task, config: Config, slots: int | None) -> float | None:
    budget = time_budget(config) if task.spec.budgeted else None
    if budget is None or task.spec.fan_out is None:
        return budget
    items = len(fan_out_items(config, task.spec.fan_out))
    return budget * min(1.0, (slots or items) / items)
