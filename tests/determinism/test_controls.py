"""The comparisons of the matrix can fail: with the rule of an axis taken out of the code, a digest differs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.determinism import rules
from tests.determinism.conftest import Row
from tests.determinism.jobs import Made, Way, make_job, run
from tests.determinism.rules import Rule, copy_of_the_code
from tests.determinism.test_matrix import ASCII


@dataclass(frozen=True)
class Control:
    """An axis, the rules that it rests on, the data that shows it, and the two ways that must then differ."""

    axis: str
    without: tuple[Rule, ...]
    data: str
    one: Way
    other: Way
    sizes: tuple[int, ...] = (0,)
    overrides: tuple[str, ...] = ()


SEEDS = Way({"PYTHONHASHSEED": "1"}, until="validate"), Way({"PYTHONHASHSEED": "2"}, until="validate")
CONTROLS = (
    Control("other folder", (rules.NO_PATHS,), "species", Way(until="split"), Way(until="split")),
    Control(
        "time zone", (rules.UTC_TIMES,), "fraud",
        Way({"TZ": "UTC"}, until="split"), Way({"TZ": "Asia/Kolkata"}, until="split"),
    ),
    Control(
        "locale", (rules.UTF8,), "species",
        Way({"LC_ALL": "C.UTF-8"}, until="validate"), Way(ASCII, until="validate"),
    ),
    Control("file or S3 store", (rules.NO_ADDRESS,), "species", Way(until="validate"), Way(until="validate")),
    Control("hash seed", (rules.HASH_SEED, rules.SORTED_KEYS), "species", *SEEDS),
)  # fmt: skip


def pair(control: Control, code: Path, rows: int, folder: Path) -> tuple[Made, Made]:
    """The two runs of a control."""
    job = make_job(control.data, folder / "job", rows or None).but(*control.overrides)
    one, other = (Way(way.environment, way.cpus, way.slots, way.until, way.replay, code) for way in
                  (control.one, control.other))  # fmt: skip
    return run(job, folder / "one", one), run(job, folder / "other", other)


@pytest.mark.slow
@pytest.mark.parametrize("control", CONTROLS, ids=[control.axis for control in CONTROLS])
def test_without_its_rule_an_axis_shows(control: Control, tmp_path: Path, row: Row) -> None:
    code = copy_of_the_code(tmp_path / "code", *control.without)
    differing: list[str] = []
    for rows in control.sizes:
        one, other = pair(control, code, rows, tmp_path / str(rows))
        differing = one.differing(other)
        if differing:
            break
    assert differing != []
    names = " and ".join(rule.name for rule in control.without)
    size = f", {rows} rows" if rows else ""
    row(control.axis, control.data, len(one.digests), f"without '{names}' {len(differing)} differ{size}")


def test_the_code_is_known_wherever_it_lies(tmp_path: Path, row: Row) -> None:
    job = make_job("species", tmp_path / "job")
    made = []
    for name in ("one", "other"):
        code = copy_of_the_code(tmp_path / name, rules.RELATIVE_CODE)
        made.append(run(job, tmp_path / f"store-{name}", Way(until="validate", code=code)))
    differing = made[0].differing(made[1])
    assert differing != []
    row(
        "code in another path", "species", len(made[0].digests),
        f"without '{rules.RELATIVE_CODE.name}' {len(differing)} differ",
    )  # fmt: skip
