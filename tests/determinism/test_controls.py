"""The comparisons of the matrix can fail: with the rule of an axis taken out of the code, a digest differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.determinism import rules
from tests.determinism.conftest import First, Row
from tests.determinism.jobs import Made, Way, load, make_job, run
from tests.determinism.rules import Rule, copy_of_the_code
from tests.determinism.test_matrix import ASCII, BUDGET
from tests.s3_server import make_bucket, mark_probed, s3_environment, s3_server


@dataclass(frozen=True)
class Control:
    """An axis, the rules that it rests on, the data that shows it, and the two ways that must then differ."""

    axis: str
    without: tuple[Rule, ...]
    data: str
    one: Way
    other: Way


SEEDS = Way({"PYTHONHASHSEED": "1"}, until="validate"), Way({"PYTHONHASHSEED": "2"}, until="validate")
CONTROLS = (
    Control("other folder", (rules.NO_PATHS,), "species", Way(until="split"), Way(until="split")),
    Control(
        "time zone", (rules.UTC_TIMES,), "fraud",
        Way({"TZ": "UTC"}, until="split"), Way({"TZ": "Asia/Kolkata"}, until="split"),
    ),
    Control(
        "locale C", (rules.UTF8,), "species",
        Way({"LC_ALL": "C.UTF-8"}, until="validate"), Way(ASCII, until="validate"),
    ),
    Control("hash seed", (rules.HASH_SEED, rules.SORTED_KEYS), "species", *SEEDS),
)  # fmt: skip


def shown(one: Made, other: Made, *without: Rule) -> str:
    """What a control showed, in words; it must have shown something."""
    differing = one.differing(other)
    assert differing != []
    return f"without '{' and '.join(rule.name for rule in without)}' {len(differing)} of {len(one.digests)} differ"


@pytest.mark.slow
@pytest.mark.parametrize("control", CONTROLS, ids=[control.axis for control in CONTROLS])
def test_without_its_rule_an_axis_shows(control: Control, tmp_path: Path, row: Row) -> None:
    code = copy_of_the_code(tmp_path / "code", *control.without)
    job = make_job(control.data, tmp_path / "job")
    made = [run(job, tmp_path / name, way.by(code)) for name, way in (("1", control.one), ("2", control.other))]
    row(control.axis, control.data, 0, shown(*made, *control.without))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["de_DE", "tr_TR"])
def test_without_utf8_a_locale_shows(name: str, locales: dict[str, dict[str, str]], tmp_path: Path, row: Row) -> None:
    code = copy_of_the_code(tmp_path / "code", rules.UTF8)
    job = make_job("species", tmp_path / "job")
    ways = Way({"LC_ALL": "C.UTF-8"}, until="validate", code=code), Way(locales[name], until="validate", code=code)
    made = [run(job, tmp_path / str(number), way) for number, way in enumerate(ways)]
    row(f"locale {name}", "species", 0, shown(*made, rules.UTF8))


def test_the_code_is_known_wherever_it_lies(tmp_path: Path, row: Row) -> None:
    job = make_job("species", tmp_path / "job")
    made = []
    for name in ("one", "other"):
        code = copy_of_the_code(tmp_path / name, rules.RELATIVE_CODE)
        made.append(run(job, tmp_path / f"store-{name}", Way(until="validate", code=code)))
    row("code in another path", "species", 0, shown(*made, rules.RELATIVE_CODE))


@pytest.mark.slow
def test_an_address_in_a_result_shows_between_a_folder_and_a_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: Row
) -> None:
    from ml8s.storage import open_store

    job = make_job("species", tmp_path / "job")
    way = Way(until="validate", code=copy_of_the_code(tmp_path / "code", rules.NO_ADDRESS))
    with s3_server() as endpoint:
        for key, value in s3_environment(endpoint).items():
            monkeypatch.setenv(key, value)
        make_bucket(endpoint, "ml-store")
        mark_probed(open_store("s3://ml-store/team"))
        one, other, bucket = (run(job, uri, way) for uri in (tmp_path / "1", tmp_path / "2", "s3://ml-store/team"))
    assert one.differing(other) == [], "it shows between a folder and a bucket alone"
    row("file or S3 store", "species", 0, shown(one, bucket, rules.NO_ADDRESS))


@pytest.mark.slow
def test_what_ran_before_in_the_process_shows_when_a_run_is_resumed(tmp_path: Path, row: Row) -> None:
    job = make_job("species", tmp_path / "job")
    code = copy_of_the_code(tmp_path / "code", rules.NO_HISTORY)
    whole = run(job, tmp_path / "whole", Way(until="featurize", code=code))
    run(job, tmp_path / "resumed", Way(until="split", code=code))
    resumed = run(job, tmp_path / "resumed", Way(until="featurize", code=code))
    row("--until, then resumed", "species", 0, shown(whole, resumed, rules.NO_HISTORY))


@pytest.mark.slow
def test_where_the_clock_ends_a_search_load_shows(first: Callable[[str], First], tmp_path: Path, row: Row) -> None:
    # Neither `max_trials` nor a replay: the clock decides how many trials there are.
    job = first("species").job.but(*BUDGET)
    free = run(job, tmp_path / "free", Way(until="select"))
    with load(6):
        loaded = run(job, tmp_path / "loaded", Way(until="select", cpus=[0]))
    assert free.trials != loaded.trials
    differing = free.differing(loaded)
    assert differing != []
    counts = f"{free.trials['linear']} and {loaded.trials['linear']} trials"
    for axis in ("load", "budget, then its replay"):
        row(axis, "species", 0, f"by the clock ({counts}) {len(differing)} of {len(free.digests)} differ")
