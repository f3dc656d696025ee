"""Pipelines: which steps, in data. Their edges are derived from the ports, nobody writes them down.

A step's input is fed by the one step of the pipeline that has an output port of the same name; ``snapshot`` comes
from outside. A fanned-out step stands for one task per item of its config list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from ml8s.catalogue import SNAPSHOT, STEPS, StepSpec
from ml8s.errors import InternalError, InvalidUsage


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A name and the names of its steps, in any order that reads well."""

    name: str
    steps: tuple[str, ...]

    def wire(self, catalogue: Sequence[StepSpec] = STEPS) -> Wiring:
        """The steps with their edges, in an order in which each comes after what feeds it.

        Raises:
            InternalError: a step that the catalogue does not know or that is named twice, an input without a
                producer or with several, a ``many`` input fed by a step that is not fanned out or the reverse, a
                cycle.
        """
        specs = _find_specs(self, catalogue)
        producers = _find_producers(self, specs)
        return Wiring(self.name, _sort(self, specs, producers), producers)


@dataclass(frozen=True, slots=True)
class Task:
    """One execution: a step, and for a fanned-out step the item that it works on."""

    spec: StepSpec
    item: str | None = None

    @property
    def label(self) -> str:
        """``step`` or ``step[item]``: the one name that people and plans use."""
        return self.spec.name if self.item is None else f"{self.spec.name}[{self.item}]"


@dataclass(frozen=True, slots=True)
class Source:
    """Where one input artifact of a task comes from; ``producer`` is None for the snapshot.

    ``name`` is how the artifact is called in keys and records: ``port``, or ``port[item]`` for a ``many`` port.
    """

    name: str
    port: str
    producer: Task | None


@dataclass(frozen=True, slots=True)
class Wiring:
    """A checked pipeline. ``specs`` are in order of flow; ``producers`` maps an output port to its step."""

    name: str
    specs: tuple[StepSpec, ...]
    producers: Mapping[str, StepSpec]

    def edges(self) -> tuple[tuple[str, str, str], ...]:
        """All edges as (producing step, port, consuming step), in order of flow."""
        return tuple(
            (self.producers[port.name].name, port.name, spec.name)
            for spec in self.specs
            for port in spec.inputs
            if port.name != SNAPSHOT
        )

    def tasks(self, items: Callable[[str], Sequence[str]]) -> tuple[Task, ...]:
        """Every task in order of flow; ``items`` gives the values of the config list that a step is fanned out over."""
        return tuple(task for spec in self.specs for task in _unroll(spec, items))

    def sources(self, task: Task, items: Callable[[str], Sequence[str]]) -> tuple[Source, ...]:
        """Where each input of a task comes from: ports in their order, the items of a ``many`` port sorted."""
        found: list[Source] = []
        for port in task.spec.inputs:
            if port.name == SNAPSHOT:
                found.append(Source(port.name, port.name, None))
                continue
            for producer in sorted(_unroll(self.producers[port.name], items), key=lambda made: made.item or ""):
                name = f"{port.name}[{producer.item}]" if port.many else port.name
                found.append(Source(name, port.name, producer))
        return tuple(found)

    def upto(self, label: str, items: Callable[[str], Sequence[str]]) -> tuple[Task, ...]:
        """The tasks that one step or task (``search`` or ``search[lgbm]``) needs, itself included, in order of flow.

        Raises:
            InvalidUsage: the pipeline has no such step; names the close ones.
        """
        every = self.tasks(items)
        wanted = {task for task in every if label in (task.label, task.spec.name)}
        if not wanted:
            raise InvalidUsage(
                f"pipeline {self.name} has no step {label!r}{_suggest(label, [task.label for task in every])}",
                cure=f"name one of: {', '.join(task.label for task in every)}",
            )
        for task in reversed(every):
            if task in wanted:
                wanted.update(s.producer for s in self.sources(task, items) if s.producer is not None)
        return tuple(task for task in every if task in wanted)


def unread_fields(specs: Iterable[StepSpec], fields: Iterable[str], ignored: Iterable[str] = ()) -> list[str]:
    """The config fields (dotted paths) that no step reads, in order: each would be a setting that does nothing."""
    read = {path for spec in specs for path in (*spec.reads, *spec.unkeyed, *filter(None, [spec.fan_out]))}
    read.update(ignored)
    return [field for field in fields if not any(field == path or field.startswith(f"{path}.") for path in read)]


def _unroll(spec: StepSpec, items: Callable[[str], Sequence[str]]) -> list[Task]:
    if spec.fan_out is None:
        return [Task(spec)]
    return [Task(spec, item) for item in items(spec.fan_out)]


def _suggest(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=3, cutoff=0.5)
    return f" (did you mean {' or '.join(close)}?)" if close else ""


def _find_specs(pipeline: Pipeline, catalogue: Sequence[StepSpec]) -> list[StepSpec]:
    known = {spec.name: spec for spec in catalogue}
    for name, count in Counter(pipeline.steps).items():
        if name not in known:
            raise InternalError(
                f"pipeline {pipeline.name} names a step {name!r} that the catalogue does not have"
                f"{_suggest(name, list(known))}",
                cure=f"name one of: {', '.join(known)}",
            )
        if count > 1:
            raise InternalError(f"pipeline {pipeline.name} names step {name!r} {count} times", cure="name it once")
    return [known[name] for name in pipeline.steps]


def _find_producers(pipeline: Pipeline, specs: Sequence[StepSpec]) -> dict[str, StepSpec]:
    producers: dict[str, StepSpec] = {}
    for spec in specs:
        for port in spec.outputs:
            if port.name in producers or port.name == SNAPSHOT:
                other = producers[port.name].name if port.name in producers else "the data set itself"
                raise InternalError(
                    f"port {port.name!r} of pipeline {pipeline.name} is made by {other} and by {spec.name}",
                    cure="give one of the two outputs another name",
                )
            producers[port.name] = spec
    for spec in specs:
        _check_inputs(pipeline, spec, producers)
    return producers


def _check_inputs(pipeline: Pipeline, spec: StepSpec, producers: Mapping[str, StepSpec]) -> None:
    for port in spec.inputs:
        if port.name == SNAPSHOT:
            continue
        producer = producers.get(port.name)
        if producer is None:
            raise InternalError(
                f"step {spec.name} of pipeline {pipeline.name} needs {port.name!r}, which no step of it makes"
                f"{_suggest(port.name, list(producers))}",
                cure="add the step that makes it, or mend the name of the port",
            )
        if port.many != (producer.fan_out is not None):
            fact = "is fanned out" if producer.fan_out is not None else "is not fanned out"
            raise InternalError(
                f"step {spec.name} takes {port.name!r} with many={port.many}, and {producer.name} {fact}",
                cure="an input collects many artifacts exactly where its producer is fanned out",
            )


def _sort(pipeline: Pipeline, specs: Sequence[StepSpec], producers: Mapping[str, StepSpec]) -> tuple[StepSpec, ...]:
    """Topological order that keeps the order of the pipeline wherever the edges leave a choice."""
    done: list[StepSpec] = []
    waiting = list(specs)
    while waiting:
        made = {SNAPSHOT, *(port.name for spec in done for port in spec.outputs)}
        ready = next((spec for spec in waiting if all(port.name in made for port in spec.inputs)), None)
        if ready is None:
            names = ", ".join(spec.name for spec in waiting)
            raise InternalError(
                f"the steps {names} of pipeline {pipeline.name} wait for each other",
                cure="a step may not need, directly or through others, what it makes itself",
            )
        done.append(ready)
        waiting.remove(ready)
    return tuple(done)
