"""What `ml8s run`, `train` and `runs retry` do where a platform is named: plan, submit, follow, say what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import click

from ml8s.cli import options, ui
from ml8s.errors import GateFailed, Interrupted, InvalidUsage, Terminated

if TYPE_CHECKING:
    from ml8s.cli.running import Asked
    from ml8s.cluster.following import Following
    from ml8s.cluster.kubectl import Kubectl
    from ml8s.cluster.outcome import Outcome
    from ml8s.cluster.planning import Request, Sight
    from ml8s.compile import Compiled
    from ml8s.platform.model import Platform


@dataclass(frozen=True, slots=True)
class Place:
    """A cluster: its platform, where that was named, and kubectl in its namespace."""

    platform: Platform
    origin: str
    kubectl: Kubectl

    def link(self, attempt: str) -> str | None:
        """The run's page in the Argo UI, where the platform names one."""
        ui_address = self.platform.ui
        return f"{ui_address.rstrip('/')}/workflows/{self.platform.namespace}/{attempt}" if ui_address else None


def place_of(local: bool) -> Place | None:
    """The cluster in force: the named platform's, unless ``local`` is asked for; None for this machine.

    Raises:
        InvalidPlatform: it cannot be read.
    """
    from ml8s.platform.named import named_platform

    origin = None if local else named_platform()
    if origin is None:
        return None
    from ml8s.cluster.kubectl import Kubectl
    from ml8s.cluster.planning import use_store_of
    from ml8s.platform.reading import load_platform

    platform = load_platform(origin)
    use_store_of(platform)
    return Place(platform, origin, Kubectl(platform.namespace))


def place_of_runs(local: bool) -> Place | None:
    """The cluster whose runs are asked for; None for those of a store: with ``--local``, with ``--store``, or where no
    platform is named.
    """
    return None if options.store_was_given() else place_of(local)


def require_place() -> Place:
    """The cluster in force; raises PlatformMissing where none is named."""
    place = place_of(local=False)
    if place is None:
        from ml8s.platform.reading import load_platform

        load_platform(option=False)
        raise AssertionError("a platform that can be loaded is named")
    return place


def run(asked: Asked, place: Place) -> None:
    """Trains on a cluster, or with ``dry_run`` shows what would be applied."""
    from ml8s.cluster.planning import Request
    from ml8s.config.loader import load_config

    store = place.platform.store.uri
    if options.store_was_given() and asked.store.rstrip("/") != store:
        raise InvalidUsage(
            f"the platform keeps its runs in {store}, and --store names another",
            where="--store",
            cure="leave --store out, or train on this machine with --local",
        )
    replay: dict[str, int] = {}
    if asked.replay is not None:
        from ml8s.cluster.replay import recorded_trials

        replay = recorded_trials(place.kubectl, store, asked.replay)
    loaded = load_config(asked.config, asked.overrides)
    request = Request(loaded, place.platform, asked.until, replay, asked.verify)
    start(request, place, asked, again=f"ml8s run {asked.config}")


def start(request: Request, place: Place, asked: Asked, again: str) -> None:
    """Compiles, plans, submits and follows; ``again`` is the command that goes on from where a run ended.

    Raises:
        GateFailed: the evaluation said no, now or before.
        BeyondPlatform: the config asks for what the platform does not give.
        ClusterError: the cluster refuses or does not answer.
        ML8sError: what a step ended with.
    """
    from ml8s.cluster.planning import look, parameters
    from ml8s.compile import compile_config

    compiled = compile_config(request.loaded, request.platform)
    sight = look(request, mend=not asked.dry_run)
    if asked.dry_run:
        _show_dry_run(compiled, sight, parameters(request, sight.plan), again)
        return
    ui.note(f"platform {place.origin}: running in namespace {place.platform.namespace}")
    say_sight(sight)
    _refuse(sight, request)
    if sight.nothing_to_do:
        _show_nothing_to_do(sight, place, asked)
        return
    attempt = _submit(compiled, place, parameters(request, sight.plan))
    if not asked.detach:
        follow(attempt, place, asked.output, sight)
        return
    if asked.output == "name":
        ui.data(attempt)
    elif asked.output != "table":
        ui.emit({"attempt": attempt}, asked.output)
    ui.next_command(f"ml8s runs show {attempt} --follow")


def retry(name: str, place: Place, *, detach: bool, dry_run: bool, output: str) -> None:
    """Runs the config of an earlier run again; raises as ``start`` does, and RunNotFound."""
    from ml8s.cli.running import Asked
    from ml8s.cluster.planning import Request
    from ml8s.cluster.runs import config_of, find_run, replay_of, until_of
    from ml8s.cluster.view import read_view

    earlier = read_view(find_run(place.kubectl, name))
    if not earlier.over:
        raise InvalidUsage(
            f"run {earlier.name} still works",
            where=earlier.name,
            cure=f"`ml8s runs show {earlier.name} --follow` follows it, `ml8s runs stop {earlier.name}` ends it",
        )
    request = Request(config_of(earlier), place.platform, until_of(earlier), replay_of(earlier))
    asked = Asked(earlier.name, place.platform.store.uri, output, detach=detach, dry_run=dry_run)
    start(request, place, asked, again=f"ml8s runs retry {earlier.name}")


def say_sight(sight: Sight) -> None:
    """Says how many pods a plan needs, and what this machine could not see."""
    count, cached = len(sight.plan.to_do), len(sight.plan.tasks) - len(sight.plan.to_do)
    if sight.unread:
        ui.note(f"{sight.unread}; every step gets its pod, which looks there itself")
    elif count:
        ui.note(f"plan: {cached} of {len(sight.plan.tasks)} steps are in the store, {_pods(count)} to start")


def follow(attempt: str, place: Place, output: str, sight: Sight | None = None) -> None:
    """Follows a run to its end and shows what came of it; Ctrl-C stops following, not the run.

    Raises:
        ML8sError: what the run ended with.
    """
    from ml8s.cli.progress import Display
    from ml8s.cluster.failure import failure_of
    from ml8s.cluster.following import Following
    from ml8s.cluster.outcome import outcome_of
    from ml8s.storage import open_store

    display = Display()
    if sight is not None:
        display.planned(sight.plan)
    following = Following(place.kubectl, attempt, display)
    try:
        with display.showing():
            view = following.run()
    except KeyboardInterrupt as interrupt:
        display.tell_notes()
        _detach(interrupt, attempt)
    finally:
        display.tell_notes()
    outcome = outcome_of(open_store(place.platform.store.uri), view)
    error = failure_of(view)
    if error is not None:
        if not isinstance(error, GateFailed):
            _show_end_of_logs(following, [step.label for step in view.steps if step.state == "failed"])
        if outcome.summary is not None and output == "table":
            _show_outcome(outcome, output)
        raise error
    show(outcome, place, output)


def show(outcome: Outcome, place: Place, output: str) -> None:
    """Shows what came of a run, and which command comes next."""
    _show_outcome(outcome, output)
    store = place.platform.store.uri
    if outcome.attempt is not None:
        ui.note(f"{_pods(outcome.pods)} run: {outcome.seconds:.0f} s, run {outcome.attempt}")
    if outcome.model_id is not None:
        ui.note(f"model {outcome.model_id} is registered as a candidate")
        ui.next_command(f"ml8s models show {outcome.model_id} --store {store}")
    elif outcome.attempt is not None:
        ui.next_command(f"ml8s runs show {outcome.attempt}")


def _show_outcome(outcome: Outcome, output: str) -> None:
    from ml8s.cli.running import show_metrics

    if output in ("json", "yaml"):
        ui.emit(outcome.to_json(), output)
    elif output == "name":
        ui.data(outcome.model_id or outcome.attempt or "")
    elif outcome.summary is not None:
        show_metrics(outcome.summary)
    elif outcome.metric:
        ui.data(outcome.metric)


def _show_dry_run(compiled: Compiled, sight: Sight, given: dict[str, str], again: str) -> None:
    from ml8s.cluster.submission import workflow_document

    for planned in sight.plan.tasks:
        ui.note(f"{planned.task.label}: {planned.state}{f' ({planned.reason})' if planned.reason else ''}")
    say_sight(sight)
    if sight.nothing_to_do:
        ui.note("nothing would be applied: every step is in the store")
    else:
        ui.data(f"{compiled.template}---\n{workflow_document(compiled, 'ATTEMPT', given).rstrip()}")
    ui.next_command(again)


def _refuse(sight: Sight, request: Request) -> None:
    from ml8s.runner.local import gate_failed

    if sight.plan.refusal is not None:
        raise gate_failed(request.loaded.config.name or "the model", sight.plan.refusal)


def _show_nothing_to_do(sight: Sight, place: Place, asked: Asked) -> None:
    from ml8s.cluster.outcome import outcome_of_plan
    from ml8s.storage import open_store

    ui.note("nothing to do, every step is in the store: no pod is started")
    show(outcome_of_plan(open_store(place.platform.store.uri), sight.plan), place, asked.output)


def _show_end_of_logs(following: Following, labels: list[str]) -> None:
    """Shows the last lines of failed steps, but for the error itself, which is said at the end."""
    for label in labels:
        lines = [line for line in following.last_lines.get(label, ()) if not line.startswith("error ML8S-")]
        if lines:
            ui.note(f"the last lines of {label}:")
            for line in lines:
                ui.note(f"  {line}")


def _submit(compiled: Compiled, place: Place, given: dict[str, str]) -> str:
    from ml8s.cluster import submission

    made: list[str] = []

    def told(attempt: str) -> None:
        made.append(attempt)
        ui.note(f"run {attempt} is submitted{_linked(place, attempt)}")

    try:
        return submission.submit(place.kubectl, compiled, given, told)
    except KeyboardInterrupt as interrupt:
        if made:
            _detach(interrupt, made[-1])
        raise


def _detach(interrupt: KeyboardInterrupt, attempt: str) -> NoReturn:
    """Ends the command and not the run; the exit status is that of any interrupted command."""
    from ml8s.cli import SigtermError

    ui.note(f"detached: run {attempt} goes on in the cluster")
    ui.note(f"`ml8s runs stop {attempt}` ends it")
    ui.next_command(f"ml8s runs show {attempt} --follow")
    kind = Terminated if isinstance(interrupt, SigtermError) else Interrupted
    raise click.exceptions.Exit(kind.exit_status)


def _linked(place: Place, attempt: str) -> str:
    link = place.link(attempt)
    return f": {link}" if link else ""


def _pods(count: int) -> str:
    return "1 pod" if count == 1 else f"{count} pods"
