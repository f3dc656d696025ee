"""register: writes the model's record, its id and its first event, if the verdict is pass.

Nothing that stands before it (a cache, a skipped task) is trusted: it walks from the verdict back to the snapshot's
manifest and compares every digest on the way with the artifacts that it was handed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, cast

from ml8s.artifacts import Json, json_digest
from ml8s.catalogue import STEPS
from ml8s.config.digests import pipeline_digest, section_digest
from ml8s.config.model import LOCATORS
from ml8s.errors import GateFailed, LineageRefused, Problem
from ml8s.registry import Registry
from ml8s.registry.record import record_content
from ml8s.steps.context import StepContext

SCHEMA: Final = 1
SCHEMAS: Final = {"state": 2}  # of artifacts whose form has changed since

_EVALUATED: Final = ("snapshot", "dataset", "folds", "features", "aggregates", "model")
_FEATURIZED: Final = ("snapshot", "dataset", "folds", "features")

_MADE_FROM: Final[Mapping[str, tuple[str, ...]]] = {
    "verdict": _EVALUATED,
    "profile": _EVALUATED,
    "model": _FEATURIZED,
    "aggregates": _FEATURIZED,
    "state": _FEATURIZED,
    "features": ("snapshot", "dataset", "folds"),
    "folds": ("snapshot", "dataset"),
    "dataset": ("snapshot",),
}
"""The links of the walk: artifact -> the inputs that its ``inputs`` must name as they were handed over."""


def run(  # noqa: PLR0913 -- one parameter per port of the catalogue
    context: StepContext,
    *,
    dataset: Path,
    folds: Path,
    features: Path,
    aggregates: Path,
    state: Path,
    model: Path,
    tune_scores: Path,
    selection: Path,
    verdict: Path,
    metrics: Path,
    report: Path,
    test_scores: Path,
    profile: Path,
    trials: Mapping[str, Path],
    registry: Registry,
    envelope: Mapping[str, Json],
) -> Mapping[str, Json]:
    """Registers the model, or says why not; returns its id.

    The same content gives the same id, however often and from wherever it is called.

    Raises:
        GateFailed: the verdict is fail; nothing is written.
        LineageRefused: the verdict was not made for this model on the test fold of these folds under this
            ``evaluation`` section; names the broken link; nothing is written.
    """
    read = {
        name: _read(folder, name)
        for name, folder in (
            ("verdict", verdict),
            ("model", model),
            ("features", features),
            ("aggregates", aggregates),
            ("state", state),
            ("folds", folds),
            ("dataset", dataset),
            ("metrics", metrics),
            ("profile", profile),
            ("report", report),
        )
    }
    _require_pass(read["verdict"])
    snapshot = _require_lineage(read, context)
    content = record_content(
        name=cast(str, context.config.name),
        config=pipeline_digest(context.config, STEPS),
        snapshot=snapshot,
        ports={port: digest for port, digest in context.inputs.items() if port != "snapshot"},
        metrics=cast("Mapping[str, float | None]", read["metrics"]["metrics"]),
        degraded=cast("Sequence[str]", read["features"]["degraded"]),
    )
    shown = {"kind": read["model"]["kind"], "metric": read["metrics"]["metric"]}
    resolved = context.config.model_dump(mode="json", exclude_defaults=True, exclude=set(LOCATORS))
    return {"model_id": registry.register(content, {**shown, "resolved_config": resolved, **envelope})}


def _require_pass(verdict: Mapping[str, Json]) -> None:
    if verdict.get("passed") is True:
        return
    reasons = [str(reason) for reason in cast("Sequence[Json]", verdict.get("reasons") or ())]
    raise GateFailed(
        "the model is not good enough to be registered" + (f": {reasons[0]}" if len(reasons) == 1 else ""),
        where="evaluation",
        cure="read the report; then mend the data or the config, or change `evaluation.gates`",
        problems=[Problem(reason) for reason in reasons] if len(reasons) > 1 else (),
    )


def _require_lineage(read: Mapping[str, Mapping[str, Json]], context: StepContext) -> str:
    """Walks every link from the verdict to the snapshot and returns the digest of the snapshot's manifest."""
    snapshot = json_digest(read["dataset"].get("manifest"))
    expected = {**context.inputs, "snapshot": snapshot}
    if context.inputs.get("snapshot", snapshot) != snapshot:
        raise _broken("dataset", "snapshot", "the files that it lists", "the snapshot of this run")
    for artifact, links in _MADE_FROM.items():
        made_from = read[artifact].get("inputs")
        for port in links:
            found = made_from.get(port) if isinstance(made_from, Mapping) else None
            if found is None or found != expected.get(port):
                raise _broken(artifact, port, _short(found), _short(expected.get(port)))
    section = section_digest(context.config, "evaluation")
    if read["verdict"].get("evaluation") != section:
        raise _broken("verdict", "evaluation section", _short(read["verdict"].get("evaluation")), _short(section))
    _require_own_report(read["report"], expected)
    _require_own_metrics(read["verdict"], read["metrics"])
    return snapshot


def _require_own_report(report: Mapping[str, Json], expected: Mapping[str, str]) -> None:
    """The report lists what it was made from, the trial logs included, which are not handed to register."""
    lineage = report.get("lineage")
    listed = dict(cast("Sequence[tuple[str, str]]", lineage)) if isinstance(lineage, Sequence) else {}
    for port in _EVALUATED:
        if listed.get(port) != expected.get(port):
            raise _broken("report", port, _short(listed.get(port)), _short(expected.get(port)))


def _require_own_metrics(verdict: Mapping[str, Json], metrics: Mapping[str, Json]) -> None:
    """The gates were judged by these metrics: the one link between the two artifacts, which evaluate makes at once."""
    values = cast("Mapping[str, Json]", metrics["metrics"])
    for gate in cast("Sequence[Mapping[str, Json]]", verdict.get("gates") or ()):
        metric = str(gate.get("metric"))
        if gate.get("passed") is not True:
            raise _broken("verdict", f"gate of {metric}", "failed", "passed, as the verdict says")
        if metric in values and gate.get("value") != values[metric]:
            raise _broken("verdict", f"value of {metric}", str(gate.get("value")), str(values[metric]))


def _read(folder: Path, name: str) -> Mapping[str, Json]:
    path = folder / f"{name}.json"
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _unreadable(path.name) from error
    if not isinstance(value, dict) or value.get("schema") != SCHEMAS.get(name, SCHEMA):
        raise _unreadable(path.name)
    return value


def _unreadable(name: str) -> LineageRefused:
    return LineageRefused(
        f"{name} is not there or not of a schema that this version reads, so this model's origin cannot be shown",
        where=name,
        cure="run the pipeline again with one version of ML8s",
    )


def _broken(artifact: str, link: str, found: str, expected: str) -> LineageRefused:
    return LineageRefused(
        f"the {artifact} was made from another {link} ({found}) than the one handed to register ({expected})",
        where=f"{artifact}.json: {link}",
        cure="run the pipeline again: register takes only artifacts of one lineage",
    )


def _short(digest: object) -> str:
    return "none" if digest is None else str(digest)[:12]
