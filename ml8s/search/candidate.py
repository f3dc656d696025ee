"""A candidate: the best that the search of one estimator found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ml8s.artifacts import Json, write_json
from ml8s.scoring.member import FAMILIES, Member, file_entries, load_member
from ml8s.scoring.shape import Floats, Shape
from ml8s.search.learners.learner import Configuration

SCHEMA: Final = 2
FILE: Final = "candidate.json"
MEMBER: Final = "member"
SCORES: Final = "tune_scores.npy"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one estimator offers: a configuration, its value, its scores on tune, and a member fitted on fit.

    ``value`` is the mean over so many ``rounds``; with one round it is the value of ``tune_scores``.
    """

    estimator: str
    configuration: Configuration
    metric: str
    value: float
    rounds: int
    trials: int
    tune_scores: Floats
    member: Member


def write_candidate(folder: Path, candidate: Candidate, shape: Shape, matrix: str) -> None:
    """Writes ``candidate.json``, ``member/`` and ``tune_scores.npy``; ``matrix`` is the digest it was made from."""
    member = folder / MEMBER
    member.mkdir()
    candidate.member.write(member)
    np.save(folder / SCORES, np.ascontiguousarray(candidate.tune_scores), allow_pickle=False)
    head: dict[str, Json] = {
        "schema": SCHEMA,
        "inputs": {"matrix": matrix},
        "estimator": candidate.estimator,
        "family": candidate.member.family,
        "shape": {"kind": shape.kind, "classes": shape.classes, "features": shape.features},
        "configuration": candidate.configuration,
        "metric": candidate.metric,
        "value": candidate.value,
        "rounds": candidate.rounds,
        "trials": candidate.trials,
        "files": file_entries(member),
    }
    write_json(folder / FILE, head)


def read_candidate(folder: Path) -> Candidate:
    """Reads what ``write_candidate`` wrote.

    Raises:
        ModelFileRefused: its member is damaged.
        ValueError: another schema version.
    """
    head = json.loads((folder / FILE).read_bytes())
    if head.get("schema") != SCHEMA:
        raise ValueError(f"not a candidate of schema {SCHEMA}")
    shape = Shape(**head["shape"])
    return Candidate(
        estimator=head["estimator"],
        configuration=head["configuration"],
        metric=head["metric"],
        value=head["value"],
        rounds=head["rounds"],
        trials=head["trials"],
        tune_scores=np.load(folder / SCORES, allow_pickle=False),
        member=load_member(folder / MEMBER, FAMILIES[head["estimator"]], head["files"], shape),
    )
