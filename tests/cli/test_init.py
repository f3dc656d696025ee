from __future__ import annotations

from pathlib import Path

import pytest

from ml8s.cli import main
from ml8s.config.loader import load_config
from ml8s.examples import EXAMPLES


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_init_writes_a_valid_config_beside_its_snapshot(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    assert main(["init", str(folder), "--from", name]) == 0
    printed = capsys.readouterr()
    config = folder / f"{name}.yaml"
    assert printed.out == f"{config}\n"
    assert printed.err.splitlines()[-1] == f"next: ml8s run {config}"
    load_config(str(config))
    assert {path.name for path in folder.iterdir()} == {"data", config.name}
    assert {"schema.json", "train.parquet"} <= {path.name for path in (folder / "data").iterdir()}


@pytest.mark.parametrize("taken", ["data", "churn.yaml"])
def test_init_overwrites_nothing(taken: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / taken).write_text("mine")
    assert main(["init", str(tmp_path), "--from", "churn"]) == 2
    assert f"{taken} exists already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_text() == "mine"


def test_init_keeps_what_else_is_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["init", str(tmp_path), "--from", "churn"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"notes.txt", "data", "churn.yaml"}


def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "mine"), "--from", "fraud", "--dry-run"]) == 0
    assert not (tmp_path / "mine").exists()
    assert "nothing was written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "fraude"], "no example 'fraude'"),
        ([], "needs an example"),
    ],
)
def test_an_example_that_is_not_there_is_refused_with_those_that_are(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path / "mine"), *arguments]) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert all(f"--from {name}" in printed for name in EXAMPLES)
    assert not (tmp_path / "mine").exists()
