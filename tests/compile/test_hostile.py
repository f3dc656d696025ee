"""Hostile texts in every place of a config: each is refused, or it reaches the step and stands nowhere else."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import yaml

from ml8s.artifacts import Json
from ml8s.compile import Compiled, compile_config
from ml8s.config.loader import parse_config
from ml8s.errors import ConfigError
from ml8s.platform.reading import load_platform
from tests.compile.test_compile import PLATFORM
from tests.config import hostile
from tests.config.hostile import ADDRESSES, FREE, HOSTILE, IN_ADDRESSES, TEMPLATES, Place


def compiled(config: Json) -> Compiled:
    return compile_config(parse_config(json.dumps(config), "plain.yaml"), load_platform(PLATFORM))


def apart(template: str) -> tuple[dict[str, Any], Json]:
    """What is compiled without its config and the config's two digests, and the config as the steps get it."""
    found = yaml.safe_load(template)
    given = found["spec"]["arguments"]["parameters"].pop(0)
    assert given["name"] == "config"
    assert len(found["metadata"]["annotations"].pop("ml8s.dev/config-digest")) == 64
    for each in found["spec"]["templates"]:
        variables = each.get("container", {}).get("env", [])
        variables[:] = [one for one in variables if one["name"] != "ML8S_CONFIG_SHA256"]
    return found, json.loads(base64.b64decode(given["value"]))


def test_every_free_place_is_one_of_the_schema() -> None:
    found = hostile.places()
    assert {*FREE, *ADDRESSES} <= set(found)
    assert len(found) > 30
    assert [place for place in found if place in FREE] == list(FREE)


@pytest.mark.parametrize("place", hostile.places(), ids=".".join)
def test_a_hostile_text_is_refused_or_reaches_the_step_unchanged_and_nothing_else(place: Place) -> None:
    refused = set()
    for text in HOSTILE:
        config = hostile.with_text(place, text)
        try:
            found, given = apart(compiled(config).template)
        except ConfigError as error:
            assert error.problems
            assert all(problem.where and problem.cure for problem in error.problems)
            refused.add(text)
            continue
        harmless, _ = apart(compiled(hostile.with_text(place, "plain")).template)
        assert found == harmless
        assert hostile.value_at(given, place) == hostile.value_at(config, place)
    taken = set(HOSTILE) - set(TEMPLATES) if place in FREE else set(IN_ADDRESSES) if place in ADDRESSES else set()
    assert refused == set(HOSTILE) - taken


def test_few_configs_have_every_text_in_every_free_place_at_once() -> None:
    there = [place for _, texts in hostile.everywhere().values() for place in texts]
    assert sorted(there) == sorted(FREE)
    for name, (config, texts) in hostile.everywhere().items():
        assert len(set(texts.values())) == len(texts), "no column has two parts"
        template = compiled(config).template
        _, given = apart(template)
        assert hostile.value_at(given, ("dataset_uri",)) == config["dataset_uri"]
        for place, text in texts.items():
            assert hostile.value_at(given, place) == text
            assert all(one in text for one in HOSTILE if one not in TEMPLATES)
        assert not [
            part for part in ("(id)", "`id`", 'a"b', "y: z", "# b", "&a *b", "{%x%}", "é") if part in template
        ], name


def test_the_comparison_sees_a_text_that_leaves_its_place() -> None:
    plain = compiled(hostile.with_text(("target_column",), "plain")).template
    leaked = plain.replace("mountPath: /scratch", "mountPath: $(id)", 1)
    assert leaked != plain
    assert apart(leaked)[0] != apart(plain)[0]
