"""The tables are large enough to mean something."""

from __future__ import annotations

from tests.bad_input import config_files, contracts, models, rows, s3_answers, schemas, stores, tables, usage


def test_every_family_has_its_least_number_of_cases() -> None:
    data = sum(len(module.CASES) for module in (schemas, tables, contracts, rows))
    places = len(stores.CASES) + len(s3_answers.CASES)
    of_models = len(models.FILES) + len(models.TERMINALS)
    rest = len(config_files.CASES) + len(usage.CASES) + len(models.FITTING)
    assert data >= 100
    assert places >= 40
    assert of_models >= 20
    assert data + places + of_models + rest >= 250
