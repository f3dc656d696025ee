"""Secrets in the environment, in an address or in a config appear in no output, log, artifact or record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.bad_input.child import Said, run_bounded
from tests.bad_input.finished import make_run
from tests.bad_input.snapshots import configured, write_snapshot

MARK: Final = "s3cr3tMARKvalue"
VARIABLES: Final = {
    name: f"{MARK}-{name.lower()}"
    for name in (
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_ACCESS_KEY_ID",
        "AZURE_STORAGE_ACCOUNT_KEY",
        "AZURE_STORAGE_CONNECTION_STRING",
        "GITHUB_TOKEN",
        "MLFLOW_TRACKING_PASSWORD",
        "OPENAI_API_KEY",
        "MY_CREDENTIALS",
    )
}
ADDRESSES: Final = (
    f"s3://AKIAEXAMPLE:{MARK}@bucket/x",
    f"s3://{MARK}@bucket/x",
    f"https://account.blob.core.windows.net/c?sv=2024&sig={MARK}",
    f"https://bucket.s3.amazonaws.com/x?X-Amz-Signature={MARK}&X-Amz-Credential={MARK}",
    f"abfs://user:{MARK}@account.dfs.core.windows.net/x",
    f"ftp://user:{MARK}@host/x",
    f"simplecache::s3://user:{MARK}@bucket/x",
)


def files_with_mark(folder: Path) -> Iterator[str]:
    """The files below a folder that hold the secret, by name or content."""
    for path in folder.rglob("*"):
        if MARK in path.name or (path.is_file() and MARK.encode() in path.read_bytes()):
            yield path.relative_to(folder).as_posix()


def assert_silent(said: Said) -> None:
    assert MARK not in said.words, said.words
    assert "Traceback" not in said.words


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "arguments",
    [
        "models list --store",
        pytest.param("data check", marks=pytest.mark.slow),
        pytest.param("validate", marks=pytest.mark.slow),
    ],
)
def test_a_secret_in_an_address_is_not_said(arguments: str, address: str, tmp_path: Path) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    said = run_bounded([*arguments.split(), address], folder)
    assert said.status == 2, said.words
    assert_silent(said)
    assert list(files_with_mark(tmp_path)) == []


@pytest.mark.slow
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_secret_in_a_config_is_not_said(address: str, tmp_path: Path) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    configured(write_snapshot, dataset_uri=address)(folder)
    said = run_bounded(["run", "config.yaml"], folder)
    assert said.status == 2, said.words
    assert_silent(said)
    assert list(files_with_mark(tmp_path)) == ["case/config.yaml"], "the user's own file alone"


def test_secrets_of_the_environment_are_in_no_output_log_artifact_or_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "run"
    model = make_run(folder)
    (folder / "rows.json").write_text("[]")
    for arguments in (
        ["runs", "list"],
        ["runs", "show", "2", "-o", "json"],
        ["runs", "logs", "2"],
        ["models", "show", model, "-o", "json"],
        ["config", "show", "config.yaml"],
        ["predict", model, "-f", "rows.json"],
        ["data", "check", f"s3://{VARIABLES['AWS_SECRET_ACCESS_KEY']}/x"],
        ["models", "show", VARIABLES["GITHUB_TOKEN"]],
    ):
        assert_silent(run_bounded(arguments, folder))
    assert list(files_with_mark(tmp_path)) == []
