"""Every row of ``tests/data/bad_data.py``, by the command: broken contracts, targets that cannot be learned."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.bad_input.case import Case
from tests.bad_input.snapshots import write_config, write_snapshot
from tests.data import bad_data
from tests.data.conftest import contract, sound_rows

VALIDATE: Final = "validate --data config.yaml"

# What these are wrong about stands in the config alone, which is read first.
TOLD_BY_THE_CONFIG: Final = {
    "an unknown metric": "did you mean",
    "a regression metric for classes": "rmse",
    "a ranking without queries": "columns.group",
    "a positive class of a regression": "positive_class",
    "the target is ignored": "y",
    "the target is the weight": "visits",
    "weight and group in one": "visits",
}


def _make(case: bad_data.Case, folder: Path) -> None:
    train = sound_rows()
    validation = sound_rows(1000, 40) if case.validation else None
    if case.train:
        case.train(train)
    if case.validation and validation is not None:
        case.validation(validation)
    schema = contract(sound_rows())
    if case.schema:
        case.schema(schema)
    write_snapshot(folder, train, validation, schema)
    write_config(folder, **case.config)


def _case(one: bad_data.Case) -> Case:
    def make(folder: Path) -> None:
        _make(one, folder)

    told = TOLD_BY_THE_CONFIG.get(one.name)
    if told is not None:
        return Case(one.name, VALIDATE, "ML8S-C003", (told,), "config.yaml:", make=make)
    alone = one.name != "the target is the key"  # which gives other columns away too
    code = "ML8S-D006" if alone and one.rule in ("target", "positive_class") else "ML8S-D005"
    place = f"{one.table}:{one.column}" if one.column else one.table
    says = () if "|" in one.says else (one.says,)
    return Case(one.name, VALIDATE, code, says, place, make=make)


CASES: Final = [_case(one) for one in bad_data.CASES]
