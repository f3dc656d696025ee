"""The parts of the cluster's test of hostile configs: what its step says, and that the real argo takes it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ml8s.compile import compile_config
from ml8s.config.loader import parse_config
from ml8s.platform.reading import load_platform
from tests.cluster.bed.builds import programs
from tests.cluster.bed.commands import run
from tests.cluster.bed.objects import Object
from tests.cluster.bed.places import REPOSITORY, standard
from tests.cluster.train.receiving import received, receiving
from tests.config import hostile

PLATFORM = str(REPOSITORY / "workflow-templates" / "platform.example.yaml")


def workflow(text: str) -> Object:
    """The workflow of a config."""
    template = compile_config(parse_config(text, "hostile.yaml"), load_platform(PLATFORM)).template
    return receiving(yaml.safe_load(template))


def said(made: Object, folder: Path) -> str:
    """What the first step of a workflow says; the workflow's parameters stand where Argo would put them."""
    [container] = [each["container"] for each in made["spec"]["templates"] if each["name"] == "validate"]
    given = {f"{{{{workflow.parameters.{each['name']}}}}}": each["value"]
             for each in made["spec"]["arguments"]["parameters"]}  # fmt: skip
    env = {each["name"]: given.get(each["value"], each["value"]) for each in container["env"]}
    args = [str(folder / "result") if word == "/scratch/result" else word for word in container["args"]]
    argv = [sys.executable, *container["command"][1:], *args]
    subprocess.run(argv, env={**os.environ, **env}, check=True)
    return (folder / "result").read_text()


@pytest.mark.parametrize("name", hostile.everywhere())
def test_the_step_tells_the_config_that_it_received(name: str, tmp_path: Path) -> None:
    text = json.dumps(hostile.everywhere()[name][0])
    assert said(workflow(text), tmp_path) == received(text)


def test_another_text_in_one_field_is_told_as_another_config(tmp_path: Path) -> None:
    config, _ = hostile.everywhere()["group"]
    other = {**config, "target_column": "$(id) "}
    assert said(workflow(json.dumps(other)), tmp_path) != received(json.dumps(config))


def test_argo_takes_the_workflows(tmp_path: Path) -> None:
    argo = programs(standard(), run(["go", "version"]).strip())["argo"]
    for name, (config, _) in hostile.everywhere().items():
        made = workflow(json.dumps(config))
        assert [each["value"] for each in made["spec"]["arguments"]["parameters"] if each["name"] == "until"] == [
            "validate"
        ]
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(made))
    assert "no linting errors found" in run([argo, "lint", "--offline", "--no-color", *sorted(tmp_path.iterdir())])
