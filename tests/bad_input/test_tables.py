"""Every family of bad input that needs nothing but a folder of its own, by the installed command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bad_input import config_files, contracts, rows, schemas, stores, tables, usage
from tests.bad_input.case import Case, params, run_case
from tests.bad_input.tally import measured

Record = Callable[[str, object], None]


def judge(family: str, case: Case, tmp_path: Path, record_property: Record) -> None:
    """Runs one case and records what it cost."""
    said = run_case(case, tmp_path / "case")
    record_property(*measured(family, said.seconds, said.megabytes))


@pytest.mark.parametrize("case", params(config_files.CASES, 6))
def test_a_bad_config(case: Case, tmp_path: Path, record_property: Record) -> None:
    judge("config", case, tmp_path, record_property)


@pytest.mark.parametrize("case", params(schemas.CASES, 20))
def test_a_bad_schema(case: Case, tmp_path: Path, record_property: Record) -> None:
    judge("data: schema.json", case, tmp_path, record_property)


@pytest.mark.parametrize("case", params(tables.CASES, 14))
def test_a_bad_table(case: Case, tmp_path: Path, record_property: Record) -> None:
    judge("data: tables and folds", case, tmp_path, record_property)


@pytest.mark.parametrize("case", params(contracts.CASES, 40))
def test_rows_that_break_the_contract(case: Case, tmp_path: Path, record_property: Record) -> None:
    judge("data: contract and target", case, tmp_path, record_property)


@pytest.mark.parametrize("case", params(rows.CASES, 12))
def test_a_bad_source_of_a_snapshot(case: Case, tmp_path: Path, record_property: Record) -> None:
    judge("data: sources to publish", case, tmp_path, record_property)


@pytest.mark.parametrize("case", params(stores.CASES, 15))
def test_a_bad_address(case: Case, tmp_path: Path, record_property: Record) -> None:
    judge("stores: addresses", case, tmp_path, record_property)


@pytest.mark.parametrize("case", params(usage.CASES, 12))
def test_a_command_called_wrongly(case: Case, tmp_path: Path, record_property: Record) -> None:
    judge("command usage", case, tmp_path, record_property)
