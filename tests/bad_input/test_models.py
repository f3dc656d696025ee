"""Damaged and forged models, rows that do not fit, terminals of all kinds: on copies of one finished run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bad_input import models
from tests.bad_input.case import params, run_case
from tests.bad_input.finished import copy_run, make_run
from tests.bad_input.models import OfModel
from tests.bad_input.tally import measured

Record = Callable[[str, object], None]
Judge = Callable[[str, OfModel], None]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("finished") / "run"
    return folder, make_run(folder)


@pytest.fixture
def judge(finished: tuple[Path, str], tmp_path: Path, record_property: Record) -> Judge:
    def run(family: str, case: OfModel) -> None:
        source, model = finished
        copy_run(source, tmp_path / "case")
        if case.damage is not None:
            case.damage(tmp_path / "case" / ".ml8s", model)
        said = run_case(case, tmp_path / "case", {"model": model}, empty=False)
        record_property(*measured(family, said.seconds, said.megabytes))

    return run


@pytest.mark.parametrize("case", params(models.FILES, 20))
def test_a_damaged_or_forged_model(case: OfModel, judge: Judge) -> None:
    judge("model files", case)
    assert not Path("/tmp/ml8s-was-here").exists(), "a pickle was loaded"


@pytest.mark.parametrize("case", params(models.FITTING, 15))
def test_rows_that_do_not_fit(case: OfModel, judge: Judge) -> None:
    judge("rows to predict", case)


@pytest.mark.parametrize("case", params(models.TERMINALS, 6))
def test_a_terminal(case: OfModel, judge: Judge) -> None:
    judge("terminals", case)
