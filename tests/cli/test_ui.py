"""What reaches the terminal, and in which form."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ml8s.cli import options, ui
from ml8s.errors import InvalidConfig, ML8sError, Problem
from ml8s.redaction import hide_secrets

ROWS = [
    {"name": "fraud_20260211", "auc": 0.93456789, "rows": 160000, "passed": True},
    {"name": "churn_20260211", "auc": None, "rows": 7, "passed": False},
]


def test_a_name_that_is_a_boolean_is_printed_as_json_spells_it(capsys: pytest.CaptureFixture[str]) -> None:
    ui.emit([{"prediction": True}, {"prediction": False}], "name", ("prediction",))
    assert capsys.readouterr().out == "true\nfalse\n"


def test_a_table_aligns_text_left_and_numbers_right() -> None:
    assert ui.table(ROWS, ("name", "auc", "rows", "passed")) == (
        "NAME                 AUC    ROWS  PASSED\n"
        "fraud_20260211  0.934568  160000  yes\n"
        "churn_20260211         -       7  no"
    )


def test_a_table_without_rows_has_its_head() -> None:
    assert ui.table([], ("name", "made_at")) == "NAME  MADE AT"


def test_each_form_of_output_carries_the_same_rows(capsys: pytest.CaptureFixture[str]) -> None:
    ui.emit(ROWS, "json", ("name",))
    assert json.loads(capsys.readouterr().out) == ROWS
    ui.emit(ROWS, "yaml", ("name",))
    assert yaml.safe_load(capsys.readouterr().out) == ROWS
    ui.emit(ROWS, "name", ("name",))
    assert capsys.readouterr().out == "fraud_20260211\nchurn_20260211\n"
    ui.emit(ROWS, "table", ("name", "passed"))
    assert capsys.readouterr().out.splitlines()[1] == "fraud_20260211  yes"


def test_one_value_is_a_table_of_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    ui.emit({"name": "fraud", "rows": 3}, "table")
    assert capsys.readouterr().out == "FIELD  VALUE\nname   fraud\nrows   3\n"


def test_data_goes_to_stdout_and_words_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    ui.data("a")
    ui.note("b")
    ui.next_command("ml8s run x")
    ui.warning("c")
    assert capsys.readouterr() == ("a\n", "b\nnext: ml8s run x\nwarning: c\n")


def test_data_is_exact_in_a_file_and_escaped_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ui.data("a\x1b[31m\r\nb")
    assert capsys.readouterr().out == "a\x1b[31m\r\nb\n"
    said: list[str] = []
    monkeypatch.setattr("sys.stdout", _Recorder(said, terminal=True))
    ui.data("a\x1b[31m\nb")
    assert "".join(said) == "a\\x1b[31m\nb\n"


def test_an_error_shows_everything_and_answers_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem("`seed` is bad", "a.yaml:1:7", "write 1", "seed: x\n      ^")
    assert ui.fail(InvalidConfig("a.yaml has 1 problem", where="a.yaml", cure="mend it", problems=[problem])) == 2
    assert capsys.readouterr().err == (
        "error ML8S-C003: a.yaml has 1 problem\n  at a.yaml\n\na.yaml:1:7: `seed` is bad\n"
        "    seed: x\n          ^\n    cure: write 1\n\n  cure: mend it\n"
    )


@given(st.text())
def test_no_control_character_reaches_the_terminal(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        said: list[str] = []
        patch.setattr("sys.stderr", _Recorder(said))
        ui.note(text)
        ui.fail(ML8sError(text, cure=text, where=text))
    written = "".join(said).replace("\n", "").replace("\t", "")
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in written)


class _Recorder:
    encoding = "utf-8"

    def __init__(self, said: list[str], *, terminal: bool = False) -> None:
        self._said, self._terminal = said, terminal

    def write(self, text: str) -> None:
        self._said.append(text)

    def flush(self) -> None:
        return None

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    "name", ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_STORAGE_CONNECTION_STRING", "DB_PASSWORD"]
)
def test_secrets_of_the_environment_are_hidden(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "abcdefgh12345678")
    assert hide_secrets("signed with abcdefgh12345678.") == "signed with ***."


def test_an_azure_container_is_no_secret() -> None:
    address = "abfss://container@account.dfs.core.windows.net/x"
    assert hide_secrets(address) == address
    assert hide_secrets("https://user:password@host/x") == "https://***@host/x"
    assert hide_secrets("abfs://user:password@host/x") == "abfs://***@host/x"


@pytest.mark.parametrize(
    ("words", "suggested", "shown"),
    [
        ("", "ml8s models show x", "ml8s models show x --store ./.ml8s"),
        ("", "ml8s run c.yaml", "ml8s run c.yaml"),
        ("--local", "ml8s run c.yaml", "ml8s run c.yaml --local"),
        ("--local --set a=1", "ml8s runs show x", "ml8s runs show x --local"),
        ("--store other --set 'a=b c'", "ml8s run c.yaml", "ml8s run c.yaml --set 'a=b c' --store other"),
        ("--store other", "ml8s models show x --store s3://b/x", "ml8s models show x --store s3://b/x"),
        ("--store other", "ml8s validate c.yaml", "ml8s validate c.yaml"),
    ],
)
def test_the_next_command_stays_where_this_one_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, suggested: str, shown: str
) -> None:
    @click.command()
    @options.local_option
    @options.set_option
    @options.store_option
    def command(**_: object) -> None:
        click.echo(options.with_same_options(suggested))

    monkeypatch.chdir(tmp_path)
    (tmp_path / "platform.yaml").touch()
    assert CliRunner().invoke(command, words).output == f"{shown}\n"
    (tmp_path / "platform.yaml").unlink()
    alone = CliRunner().invoke(command, words).output
    assert "--local" not in alone
    assert "./.ml8s" not in alone
