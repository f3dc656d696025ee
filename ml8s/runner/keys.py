"""Step keys: the name of a step's result before it is made.

A key covers what may change a result and nothing else: the step and its version, the item of a fan-out, the digests
of inputs and of the config sections that it reads, and the code. No address, thread count, clock or path is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ml8s.artifacts import Json, json_digest
from ml8s.catalogue import StepSpec
from ml8s.config.digests import section_digest, section_value
from ml8s.config.model import Config

TIME_BUDGET = "automl.time_budget"


@dataclass(frozen=True, slots=True)
class KeyParts:
    """The ingredients of one step key.

    Attributes:
        step: the step's name.
        item: the item of a fan-out, or None.
        version: the step's version.
        inputs: input name (``port`` or ``port[item]``) to artifact digest.
        sections: config section (dotted path) to its digest.
        code: what the code is made of, by part: see ``ml8s.runner.code``.
    """

    step: str
    item: str | None
    version: int
    inputs: Mapping[str, str]
    sections: Mapping[str, str]
    code: Mapping[str, str]

    @property
    def key(self) -> str:
        """The step key: the sha256 of the canonical JSON of all parts."""
        return json_digest(self.to_json())

    def to_json(self) -> dict[str, Json]:
        """The parts as JSON."""
        return {
            "step": self.step,
            "item": self.item,
            "version": self.version,
            "inputs": dict(self.inputs),
            "sections": dict(self.sections),
            "code": dict(self.code),
        }


def key_parts(
    spec: StepSpec, item: str | None, config: Config, inputs: Mapping[str, str], code: Mapping[str, str]
) -> KeyParts:
    """The ingredients of a step's key for one config, its input digests and the code's identity."""
    sections = {path: section_digest(config, path) for path in spec.reads}
    if spec.budgeted and TIME_BUDGET in sections:
        sections[TIME_BUDGET] = json_digest(_written_budget(config))
    return KeyParts(spec.name, item, spec.version, dict(inputs), sections, dict(code))


def time_budget(config: Config) -> float | None:
    """Seconds of wall time of the whole search; None where `max_trials` stands alone and no clock takes part."""
    if config.automl.max_trials is not None and "time_budget" not in config.automl.model_fields_set:
        return None
    return config.automl.time_budget


def _written_budget(config: Config) -> Json:
    # Beside `max_trials` a budget equal to the default says something that its absence does not.
    budget = section_value(config, TIME_BUDGET)
    return time_budget(config) if config.automl.max_trials is not None else budget


def run_key(config_digest: str, snapshot: str, code: Mapping[str, str]) -> str:
    """The key that equal runs share: config digest, digest of the snapshot's manifest, and code."""
    return json_digest({"config": config_digest, "snapshot": snapshot, "code": dict(code)})


def why_changed(now: KeyParts, before: KeyParts | None) -> str:
    """Why a step is not cached, against its latest result for this model, in a few words."""
    if before is None:
        return "first run"
    if now.version != before.version:
        return f"step version {before.version} became {now.version}"
    causes = [
        *_differing("section", now.sections, before.sections),
        *_differing("input", now.inputs, before.inputs),
        *_differing("code:", now.code, before.code),
    ]
    return "; ".join(causes) if causes else "its result is not in this store"


def _differing(word: str, now: Mapping[str, str], before: Mapping[str, str]) -> list[str]:
    return [f"{word} {name} changed" for name in sorted({*now, *before}) if now.get(name) != before.get(name)]
