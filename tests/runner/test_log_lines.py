"""What a container says is read back as it was told, and fits into what Kubernetes keeps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml8s.errors import ContractViolation, GateFailed, InputMissing, InternalError, Problem
from ml8s.runner.log_lines import (
    LONGEST_FAILURE,
    failure_text,
    progress_line,
    read_failure,
    read_progress,
    read_warning,
    warning_line,
)
from ml8s.steps.context import Progress


@pytest.mark.parametrize(
    "progress",
    [
        Progress(3),
        Progress(12, 50, "trials", "best roc_auc 0.93"),
        Progress(12, None, "trials"),
        Progress(0, 7, "rows", "a; b"),
    ],
)
def test_progress_is_read_back(progress: Progress) -> None:
    assert read_progress(progress_line(progress)) == progress


def test_other_lines_tell_no_progress() -> None:
    for line in ("", "progress", "progress: many", "progressing: 3", "xprogress: 3", "[LightGBM] progress: 1/2"):
        assert read_progress(line) is None
    assert read_warning("a warning: x") is None


def test_a_warning_is_one_line_and_read_back() -> None:
    assert read_warning(warning_line("the column\nis odd")) == "the column is odd"


def test_an_error_comes_back_as_its_own_class_with_its_cure() -> None:
    told = ContractViolation("3 rows are wrong", where="train", cure="mend them", problems=[Problem("null", "a:1")])
    found = read_failure(f"Error (exit code 2): {failure_text(told)}")
    assert found is not None
    error = found.error()
    assert type(error) is ContractViolation
    assert (error.message, error.where, error.cure) == (told.message, told.where, told.cure)
    assert [problem.message for problem in error.problems] == ["a:1: null"]


def test_a_missing_input_and_an_unknown_code_come_back_too() -> None:
    missing = read_failure(failure_text(InputMissing("gone", producer="split", cure="retry")))
    assert missing is not None
    assert type(missing.error()) is InputMissing
    newer = read_failure("ML8S-X999: of a newer version")
    assert newer is not None
    assert type(newer.error()) is InternalError
    assert read_failure("OOMKilled (exit code 137)") is None


@given(st.text(), st.text(), st.text(), st.lists(st.text(max_size=3000), max_size=20))
def test_no_text_breaks_the_form_or_the_length(message: str, where: str, cure: str, problems: list[str]) -> None:
    error = GateFailed(message, where=where, cure=cure, problems=[Problem(text, "x") for text in problems])
    text = failure_text(error)
    assert len(text.encode()) <= LONGEST_FAILURE
    found = read_failure(text)
    assert found is not None
    assert type(found.error()) is GateFailed
