"""``ml8s explain``: what a field, a step, a metric or an error code is, from the objects themselves."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

import ml8s.errors
from ml8s import catalogue
from ml8s.catalogue import Port, StepSpec
from ml8s.config import fields, metrics
from ml8s.config.fields import Field
from ml8s.config.flow import flow
from ml8s.config.model import LOCATORS, UNBUILT_SECTIONS
from ml8s.errors import ML8sError, UnknownTopic

WIDTH: Final = 80
_NAME_AND_GAP: Final = re.compile(r" *(\S+ {2,})?")

EXIT_STATUSES: Final = {
    0: "done",
    1: "the answer is no",
    2: "to be mended in usage, config, schema or data",
    3: "unreachable, timed out, full or refused",
    4: "no or refused credentials, or read-only",
    5: "a named run, model or snapshot is gone",
    6: "integrity: content differs from its digest, or results from each other",
    70: "a bug of ML8s",
    130: "interrupted",
    143: "terminated",
}


def errors() -> list[type[ML8sError]]:
    """Every class of error that has a code of its own, by family and code."""

    def below(parent: type[ML8sError]) -> Iterator[type[ML8sError]]:
        for child in parent.__subclasses__():
            if child.__module__.startswith(f"{ml8s.errors.__name__}."):
                yield child
                yield from below(child)

    families = {kind.code for kind in ML8sError.__subclasses__()} | {ML8sError.code}
    order = [family.code[:6] for family in ML8sError.__subclasses__()]
    found = [kind for kind in below(ML8sError) if kind.code not in families]
    return sorted(found, key=lambda kind: (order.index(kind.code[:6]), kind.code))


def explain(topic: str | None) -> str:
    """The text for a topic; an overview without one.

    Raises:
        UnknownTopic: no field, step, metric or code has this name; the cure names the nearest.
    """
    if topic is None:
        return overview()
    word = topic.strip().strip(".")
    texts = [_field(field) for field in _fields_named(word)]
    texts += [_step(spec) for spec in catalogue.STEPS if spec.name == word]
    texts += [_error(kind) for kind in errors() if word.upper() == kind.code or word == kind.__name__]
    if (metric := metrics.find_metric(word)) is not None:
        texts.append(_metric(metric))
    if word.split(".")[0] == "platform":
        texts += _platform(word)
    if word in UNBUILT_SECTIONS:
        texts.append(f"{word}   section\n  Not built yet: {UNBUILT_SECTIONS[word]} comes with a later version.")
    if not texts:
        raise UnknownTopic(f"there is nothing to explain under {topic!r}", cure=_suggestion(word))
    return "\n\n".join(texts)


def _suggestion(word: str) -> str:
    from difflib import get_close_matches

    topics = {field.name: path for path, field in fields.fields().items()}
    topics |= {path: path for path in fields.fields()}
    topics |= {spec.name: spec.name for spec in catalogue.STEPS} | {kind.code: kind.code for kind in errors()}
    topics |= {name: name for name in metrics.METRICS}
    word = word.upper() if word.upper().startswith("ML8S") else word
    near = get_close_matches(word, topics, n=1, cutoff=0.5)
    return f"did you mean `ml8s explain {topics[near[0]]}`?" if near else "`ml8s explain` lists all topics"


def _platform(word: str) -> list[str]:
    from ml8s.platform.reading import fields as platform_fields

    known = platform_fields()
    if word == "platform":
        rows = [(path, text.partition("\n")[0]) for path, text in known.items()]
        lead = "platform   file\n  The platform team's one file: where and with what ML8s runs on a cluster.\n"
        return ["\n".join([lead, *_listing(rows)])]
    return [f"{word}   field of platform.yaml\n  {known[word]}"] if word in known else []


def _fields_named(word: str) -> list[Field]:
    known = fields.fields()
    return [known[word]] if word in known else [field for field in known.values() if field.name == word]


def overview() -> str:
    """All fields by section, and what else can be explained."""
    known = list(fields.fields().values())
    sections = [field for field in known if field.section]
    plain = [field for field in known if not field.section and "." not in field.path]
    lines = ["A config is one YAML file. Its fields (* must be given):", ""]
    lines += _listing([(_marked(field), field.description) for field in plain])
    for section in sections:
        inner = [field for field in known if field.path.startswith(f"{section.path}.")]
        lines += ["", f"{_marked(section)}: {section.description}"]
        lines += _listing([(f"{_marked(field)}", field.description) for field in inner])
    lines += ["", "Steps, in the order of flow:"]
    lines += _listing([(spec.name, spec.summary) for spec in catalogue.STEPS])
    lines += ["", "`ml8s explain automl.time_budget`, `ml8s explain evaluate`, `ml8s explain roc_auc` and",
              "`ml8s explain ML8S-C003` explain one field, step, metric and error code."]  # fmt: skip
    return "\n".join(lines)


def wrapped(text: str, width: int = WIDTH) -> str:
    """The text in lines of at most ``width`` columns; what goes on stands below where it began.

    Examples stay in one line, since they are copied, and so do words that are longer than a line.
    """
    return "\n".join(line for whole in text.split("\n") for line in _wrapped(whole, width))


def _wrapped(line: str, width: int) -> list[str]:
    if len(line) <= width or line.lstrip().startswith("example "):
        return [line]
    head = _NAME_AND_GAP.match(line)
    indent = len(head[0]) if head and len(head[0]) <= width // 2 else len(line) - len(line.lstrip()) + 2
    return textwrap.wrap(
        line,
        width,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )


def _marked(field: Field) -> str:
    return f"{field.name}{'*' if field.required else ''}"


def _listing(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max((len(name) for name, _ in rows), default=0)
    return [f"  {name.ljust(width)}  {text}" for name, text in rows]


def _field(field: Field) -> str:
    lines = [f"{field.path}   {field.kind}", f"  {field.description}"]
    if field.section:
        inner = [f for f in fields.fields().values() if f.path.startswith(f"{field.path}.")]
        lines += ["", *_listing([(_marked(f), f.description) for f in inner])]
    lines += ["", *_listing(list(facts(field)))]
    return "\n".join(lines)


def facts(field: Field) -> Iterator[tuple[str, str]]:
    """What there is to say of a field beside its description, as name and text."""
    if field.allowed:
        yield "allowed", ", ".join(field.allowed)
    if field.pattern:
        yield "form", field.pattern
    if field.unit:
        yield "unit", field.unit
    if field.range:
        yield "range", field.range
    if not field.section:
        yield "default", "none, it must be given" if field.required else flow(field.default)
    yield "example", f"{field.name}: {flow(field.example)}"
    yield "read by", read_by(field.path)


def read_by(path: str) -> str:
    """Which steps run again when a field changes, in words."""
    if path in LOCATORS:
        return "no step: the content behind it counts, not the address"
    return ", ".join(readers(path)) or "no step: it changes no result"


def readers(path: str) -> list[str]:
    """The steps whose result depends on a field."""
    return [
        spec.name
        for spec in catalogue.STEPS
        if any(path == read or path.startswith(f"{read}.") or read.startswith(f"{path}.") for read in spec.reads)
        or path == spec.fan_out
    ]


def _step(spec: StepSpec) -> str:
    lines = [f"{spec.name}   step, version {spec.version}", f"  {spec.summary}", "", "takes"]
    lines += _ports(spec.inputs)
    lines += ["gives", *(_ports(spec.outputs) or ["  a record and an event in the registry"])]
    lines += ["", *_listing(list(step_facts(spec)))]
    return "\n".join(lines)


def _ports(ports: Sequence[Port]) -> list[str]:
    return _listing([(port.name, port.summary) for port in ports])


def step_facts(spec: StepSpec) -> Iterator[tuple[str, str]]:
    """What there is to say of a step beside its ports, as name and text."""
    yield "config", ", ".join(spec.reads)
    yield "image", spec.image
    yield "resources", f"{spec.cpu} CPU, {spec.memory}, at most {spec.timeout} s"
    if spec.fan_out:
        yield "runs", f"once for each of {spec.fan_out}"
    if spec.budgeted:
        yield "budget", "the clock may decide its number of trials; the first result stands"
    yield "cache", "none: it writes to the registry" if spec.effect else "yes: equal inputs give the stored result"


def _metric(metric: metrics.Metric) -> str:
    bounds = [f"{bound:g}" if bound is not None else "unbounded" for bound in (metric.lowest, metric.highest)]
    rows = [
        ("judges", ", ".join(metric.kinds)),
        ("better", "greater" if metric.greater_is_better else "less"),
        ("range", " to ".join(bounds)),
        ("of", "decisions at the threshold" if metric.needs_threshold else "scores"),
    ]
    return "\n".join([f"{metric.name}   metric", f"  {metric.summary}", "", *_listing(rows)])


def _error(kind: type[ML8sError]) -> str:
    lines = [f"{kind.code}   {kind.__name__}", f"  {meaning(kind)}", ""]
    lines += _listing([("exit", f"{kind.exit_status} ({EXIT_STATUSES[kind.exit_status]})")])
    return "\n".join(lines)


def meaning(kind: type[ML8sError]) -> str:
    """What a class of error means: its docstring as one paragraph."""
    return " ".join((kind.__doc__ or "").split())
