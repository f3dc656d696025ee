"""The catalogue agrees with the code that it describes."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from ml8s.artifacts import KINDS
from ml8s.catalogue import STEPS, StepSpec
from ml8s.config.model import LOCATORS, Config

STEPS_FOLDER = Path("ml8s/steps")


def ids(spec: StepSpec) -> str:
    return spec.name


@pytest.mark.parametrize("spec", STEPS, ids=ids)
def test_every_entry_resolves_and_its_signature_equals_its_ports(spec: StepSpec) -> None:
    module, function = spec.entry.split(":")
    parameters = inspect.signature(getattr(importlib.import_module(module), function)).parameters
    ports = [port.name for port in (*spec.inputs, *spec.outputs)]
    extra = ["registry", "envelope"] if spec.effect else []
    assert list(parameters) == ["context", *ports, *extra]
    keyword_only = [name for name, p in parameters.items() if p.kind is inspect.Parameter.KEYWORD_ONLY]
    assert keyword_only == [*ports, *extra]


@pytest.mark.parametrize("spec", STEPS, ids=ids)
def test_every_section_that_a_step_reads_is_a_field_of_the_config(spec: StepSpec) -> None:
    schema = Config.model_json_schema()
    for path in (*spec.reads, *spec.unkeyed):
        node = schema
        for key in path.split("."):
            while "$ref" in node or "allOf" in node:
                reference = node.get("$ref") or node["allOf"][0]["$ref"]
                node = schema["$defs"][reference.rsplit("/", 1)[1]]
            assert key in node["properties"], f"{spec.name} reads {path}"
            node = node["properties"][key]


def test_every_section_of_the_config_is_read_by_some_step() -> None:
    read = {path.split(".")[0] for spec in STEPS for path in (*spec.reads, *spec.unkeyed)}
    assert set(Config.model_fields) - set(LOCATORS) == read


def test_every_port_has_a_known_kind() -> None:
    assert {port.kind for spec in STEPS for port in (*spec.inputs, *spec.outputs)} == set(KINDS)


def test_every_module_of_the_steps_room_is_a_step() -> None:
    modules = {path.stem for path in STEPS_FOLDER.glob("*.py")} - {"__init__", "__main__", "context"}
    assert modules == {spec.name for spec in STEPS}


def test_the_catalogue_is_pure_data() -> None:
    code = "import ml8s.catalogue, sys; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "pandas", "pyarrow", "pydantic", "yaml", "hera"} & set(loaded)
