"""No text that a config may hold reaches a Kubernetes object but inside the one encoded parameter."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from ml8s.compile import compile_config
from ml8s.config.loader import LoadedConfig, parse_config
from ml8s.config.model import Config
from ml8s.errors import ConfigError
from ml8s.platform.reading import load_platform
from tests.config import hostile_texts as hostile
from tests.config.leaves import LEAVES, Leaf

PLATFORM = Path(__file__).parents[2] / "workflow-templates" / "platform.example.yaml"


def accepted(leaf: Leaf) -> list[LoadedConfig]:
    """The configs in which this leaf may hold a hostile text; in an address, behind a bucket that pods may read."""
    found = []
    for text in hostile.TEXTS:
        for value in leaf.holding(f"s3://ml-datasets/{text}" if leaf.name == "dataset_uri" else text):
            with suppress(ConfigError):
                found.append(parse_config(leaf.config(json.dumps(value))[0], "plain.yaml"))
    return found


QUICK = ("dataset_uri", "positive_class", "forecasting.series_columns")
CASES = [
    pytest.param(leaf, id=leaf.name, marks=() if leaf.name in QUICK else pytest.mark.slow)
    for leaf in LEAVES
    if accepted(leaf)
]


@pytest.mark.parametrize("leaf", CASES)
def test_no_text_of_any_field_is_written_into_an_object(leaf: Leaf) -> None:
    platform = load_platform(str(PLATFORM))
    for loaded in accepted(leaf):
        compiled = compile_config(loaded, platform)
        assert hostile.MARK not in compiled.template + compiled.workflow
        parameters = yaml.safe_load(compiled.template)["spec"]["arguments"]["parameters"]
        given = base64.b64decode(next(each["value"] for each in parameters if each["name"] == "config"))
        assert Config.model_validate_json(given) == loaded.config
        assert hostile.MARK in given.decode()
