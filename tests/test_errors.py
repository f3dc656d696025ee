"""The tree of errors: codes, exit statuses, words, and that the docs know each one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ml8s import errors
from ml8s.config.explain import EXIT_STATUSES
from ml8s.config.explain import errors as listed
from ml8s.errors import GateFailed, InputMissing, ML8sError

DOCS = Path(__file__).parents[1] / "docs" / "reference"
ALL = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ML8sError)]
FAMILIES = ML8sError.__subclasses__()
LEAVES = [kind for kind in ALL if kind is not ML8sError and kind not in FAMILIES]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_an_error_is_described(kind: type[ML8sError]) -> None:
    assert kind.__doc__
    assert "__doc__" in vars(kind)
    assert re.fullmatch(r"ML8S-[CDSRTK]\d{3}", kind.code)
    assert kind.exit_status in EXIT_STATUSES


def test_every_error_that_is_raised_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in LEAVES]
    assert len(set(codes)) == len(codes)
    assert not set(codes) & {kind.code for kind in FAMILIES}


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_a_code_has_the_letter_of_its_family(kind: type[ML8sError]) -> None:
    [family] = [family for family in FAMILIES if issubclass(kind, family)]
    assert kind.code[:6] == family.code[:6]


def test_explain_lists_every_error() -> None:
    assert set(listed()) == set(LEAVES)


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_the_docs_know_an_error(kind: type[ML8sError]) -> None:
    assert f"| `{kind.code}` | `{kind.__name__}` | {kind.exit_status} |" in (DOCS / "errors.md").read_text()


def test_a_container_says_no_with_10_and_a_missing_input_with_76() -> None:
    assert GateFailed("no", cure="x").container_status == 10
    assert InputMissing("gone", producer="split", cure="x").container_status == 76
    assert errors.ConfigNotFound("gone", cure="x").container_status == 2
