"""Each command loads what it needs and no more: asserted by name on the modules of a process."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from ml8s.cli import GROUPS, VERBS
from ml8s.environment import pinned_environment
from tests.cli.commands import ROOT, python

HEAVY = frozenset(
    ("numpy", "pandas", "pyarrow", "scipy", "sklearn", "lightgbm", "xgboost", "flaml", "featuretools", "matplotlib",
     "s3fs", "fsspec", "botocore", "aiobotocore", "aiohttp", "hera", "rich", "bentoml", "evidently", "asyncio"),
)  # fmt: skip
CODE = (
    "import contextlib, io, json, sys\n"
    "from ml8s.cli import main\n"
    "with contextlib.redirect_stdout(io.StringIO()):\n"
    "    status = main({arguments!r})\n"
    "print(json.dumps([status, sorted(sys.modules)]))\n"
)


ROOMS_OF_HELP = {"ml8s", "ml8s.cli", "ml8s.errors", "ml8s.redaction"}
CONFIG = "dataset_uri: data\ntask: regression\ntarget_column: y\nsplit: {strategy: random}\n"


def loaded(*arguments: str) -> set[str]:
    done = python(CODE.format(arguments=list(arguments)))
    status, modules = json.loads(done.stdout)
    assert status == 0, done.stderr
    return set(modules)


def of_ml8s(modules: set[str]) -> set[str]:
    """The modules of ours; the families of the errors count as one."""
    return {name for name in modules if name.split(".")[0] == "ml8s" and not name.startswith("ml8s.errors.")}


@pytest.mark.parametrize("arguments", [("--help",), ("config", "--help"), ("--version",)])
def test_help_loads_click_and_the_errors_alone(arguments: tuple[str, ...]) -> None:
    modules = loaded(*arguments)
    assert of_ml8s(modules) == {"ml8s", "ml8s.cli", "ml8s.cli.options", "ml8s.cli.ui", "ml8s.errors", "ml8s.redaction"}
    assert not modules & HEAVY
    assert not modules & {"pydantic", "yaml", "subprocess"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("validate", "tests/config/product.yaml"),
        ("config", "show", "tests/config/product.yaml"),
        ("explain",),
        ("explain", "automl.time_budget"),
        ("schema",),
        ("version",),
    ],
)
def test_commands_about_configs_load_no_numbers_and_no_network(arguments: tuple[str, ...]) -> None:
    modules = loaded(*arguments)
    assert not modules & HEAVY
    assert not of_ml8s(modules) & {"ml8s.storage", "ml8s.runner", "ml8s.steps", "ml8s.registry", "ml8s.data"}


COMMANDS = [(name,) for name in VERBS] + [(group, name) for group, (_, verbs) in GROUPS.items() for name in verbs]
# All are alike: a few in `make test`, each in `make test-all`.
QUICK = (("run",), ("doctor",), ("predict",), ("models", "list"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("completion", "bash"),
        *(pytest.param((*verb, "--help"), marks=[pytest.mark.slow] * (verb not in QUICK)) for verb in COMMANDS),
    ],
    ids=" ".join,
)
def test_the_help_of_a_command_loads_no_room_of_ml8s(arguments: tuple[str, ...]) -> None:
    modules = loaded(*arguments)
    assert not modules & HEAVY
    assert not modules & {"pydantic", "yaml"}
    assert {".".join(name.split(".")[:2]) for name in of_ml8s(modules)} == ROOMS_OF_HELP


@pytest.mark.parametrize(
    ("arguments", "rooms"),
    [
        (("models", "list"), {"artifacts", "registry", "storage"}),
        (
            ("runs", "list"),
            {"artifacts", "catalogue", "config", "data", "pipelines", "platform", "runner", "steps", "storage"},
        ),
        (("plan", "prices.yaml"), None),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_commands_that_look_into_a_store_load_no_numbers_and_no_network(
    tmp_path: Path, arguments: tuple[str, ...], rooms: set[str] | None
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/train.parquet").write_bytes(b"PAR1")
    (tmp_path / "data/schema.json").write_text('{"ml8s:version": 1, "fields": [{"name": "y", "type": "integer"}]}')
    (tmp_path / "prices.yaml").write_text(CONFIG)
    words = [str(tmp_path / word) if word == "prices.yaml" else word for word in arguments]
    done = python(CODE.format(arguments=words), {"ML8S_STORE": str(tmp_path / "store"), **pinned_environment()})
    status, names = json.loads(done.stdout)
    assert status == 0, done.stderr
    modules = set(names)
    assert not modules & HEAVY
    if rooms is not None:
        found = {".".join(name.split(".")[:2]) for name in of_ml8s(modules)}
        assert found == ROOMS_OF_HELP | {f"ml8s.{room}" for room in rooms}


def test_validating_loads_these_rooms_of_ml8s() -> None:
    rooms = {".".join(name.split(".")[:2]) for name in of_ml8s(loaded("validate", "tests/config/product.yaml"))}
    assert rooms == {"ml8s", "ml8s.cli", "ml8s.config", "ml8s.errors", "ml8s.artifacts", "ml8s.redaction"}


VERB_FILES = sorted({ROOT / f"{place.split(':')[0].replace('.', '/')}.py" for place, _ in [
    *VERBS.values(), *(verb for _, verbs in GROUPS.values() for verb in verbs.values())]})  # fmt: skip
ALLOWED = {
    "click",
    "ml8s.errors",
    "ml8s.cli",
    "ml8s.cli.options",
    "ml8s.cli.ui",
    "__future__",
    "typing",
    "collections.abc",
    "dataclasses",
    "pathlib",
}


@pytest.mark.parametrize("file", VERB_FILES, ids=lambda file: file.stem)
def test_a_verb_imports_only_click_and_the_errors_at_its_top(file: Path) -> None:
    tree = ast.parse(file.read_text())
    imported = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert imported <= ALLOWED


def test_importing_ml8s_loads_nothing() -> None:
    done = python("import sys; before = set(sys.modules); import ml8s; print(sorted(set(sys.modules) - before))")
    assert of_ml8s(set(ast.literal_eval(done.stdout))) == {"ml8s"}
    assert not set(ast.literal_eval(done.stdout)) & HEAVY
