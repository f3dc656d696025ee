"""Stores in a bucket, by the installed command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bad_input import s3_answers
from tests.bad_input.case import Case, params, run_case
from tests.bad_input.s3_answers import Answered, answering
from tests.bad_input.tally import measured
from tests.s3_server import make_bucket, s3_environment, s3_server

Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_server() as url:
        make_bucket(url, "bucket")
        yield url


def judge(case: Case, url: str, tmp_path: Path, record_property: Record) -> None:
    """Runs a case whose environment names the server, unless the case names another."""
    more = {**s3_environment(url), **case.environment}
    said = run_case(case, tmp_path / "case", more=more)
    record_property(*measured("stores: in a bucket", said.seconds, said.megabytes))


@pytest.mark.parametrize("case", params(s3_answers.ANSWERS, 8))
def test_an_answer_of_the_store(case: Answered, tmp_path: Path, record_property: Record) -> None:
    with answering(*case.answer) as url:
        judge(case, url, tmp_path, record_property)


@pytest.mark.parametrize("case", params(s3_answers.PLACES, 5))
def test_a_place_that_does_not_serve(case: Case, endpoint: str, tmp_path: Path, record_property: Record) -> None:
    judge(case, endpoint, tmp_path, record_property)


@pytest.mark.parametrize("case", params(s3_answers.ON_AZURE, 4))
def test_a_place_on_azure(case: Case, endpoint: str, tmp_path: Path, record_property: Record) -> None:
    judge(case, endpoint, tmp_path, record_property)


@pytest.mark.slow
def test_a_store_that_ignores_the_condition_is_refused(tmp_path: Path, record_property: Record) -> None:
    with s3_server(ignores=True) as url:
        make_bucket(url, "ignoring")
        judge(s3_answers.IGNORING, url, tmp_path, record_property)


@pytest.mark.slow
def test_a_store_that_races_is_refused(tmp_path: Path, record_property: Record) -> None:
    with s3_server(races=True) as url:
        make_bucket(url, "racing")
        judge(s3_answers.RACING, url, tmp_path, record_property)
