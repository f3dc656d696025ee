"""ml8s models report."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml8s.registry import Registry
from ml8s.storage import open_store
from ml8s.storage.blobs import put_artifact
from tests.cli.commands import run
from tests.registry.contents import make_content

PAGE = "<!DOCTYPE html>\n<p>good</p>\n"


@pytest.fixture
def model(tmp_path: Path) -> tuple[str, str]:
    """A registered model with a report, and the address of its store."""
    files = tmp_path / "report"
    files.mkdir()
    (files / "report.html").write_text(PAGE)
    (files / "report.md").write_text("# good\n")
    (files / "report.json").write_text('{"passed":true}')
    store = open_store(str(tmp_path / "store"))
    digest = put_artifact(store, "report", files)
    return Registry(store).register(make_content(report=digest), {}), str(tmp_path / "store")


def test_the_page_is_written_and_its_path_printed(model: tuple[str, str], tmp_path: Path) -> None:
    model_id, store = model
    done = run("models", "report", model_id, "--store", store, folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{model_id}.html\n")
    assert (tmp_path / f"{model_id}.html").read_text() == PAGE
    assert "next: ml8s models show" in done.stderr


@pytest.mark.parametrize(("form", "content"), [("md", "# good\n"), ("json", '{"passed":true}\n')])
def test_other_forms_are_printed(model: tuple[str, str], form: str, content: str) -> None:
    done = run("models", "report", model[0], "--format", form, "--store", model[1])
    assert (done.returncode, done.stdout) == (0, content)


def test_the_form_follows_the_name_of_the_file(model: tuple[str, str], tmp_path: Path) -> None:
    target = tmp_path / "new" / "evaluation.md"
    assert run("models", "report", model[0], "--output", target, "--store", model[1]).returncode == 0
    assert target.read_text() == "# good\n"


def test_the_same_file_may_be_written_again_and_another_one_never(model: tuple[str, str], tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    assert run("models", "report", model[0], "--output", target, "--store", model[1]).returncode == 0
    assert run("models", "report", model[0], "--output", target, "--store", model[1]).returncode == 0
    target.write_text("mine")
    refused = run("models", "report", model[0], "--output", target, "--store", model[1])
    assert refused.returncode == 2
    assert "ML8S-C006" in refused.stderr
    assert target.read_text() == "mine"


def test_a_dry_run_writes_nothing(model: tuple[str, str], tmp_path: Path) -> None:
    done = run("models", "report", model[0], "--store", model[1], "--dry-run", folder=tmp_path)
    assert done.returncode == 0
    assert not list(tmp_path.glob("*.html"))


def test_a_damaged_report_is_not_shown(model: tuple[str, str], tmp_path: Path) -> None:
    for blob in (tmp_path / "store" / "blobs").rglob("*"):
        if blob.is_file() and blob.read_bytes() == PAGE.encode():
            blob.chmod(0o644)
            blob.write_bytes(b"<p>better</p>")
    done = run("models", "report", model[0], "--store", model[1], "--output", tmp_path / "x.html")
    assert done.returncode == 6
    assert not (tmp_path / "x.html").exists()


def test_an_unknown_model_is_gone(model: tuple[str, str]) -> None:
    assert run("models", "report", "fraud_19990101", "--store", model[1]).returncode == 5
