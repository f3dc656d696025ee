"""Files that commands write where their user said: over nothing else, and with errors that can be mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml8s.cli import main
from ml8s.errors import FileExists, InvalidUsage, ML8sError
from ml8s.output_folder import write_files

ROOT = Path(__file__).parents[2]
COMPILE = (
    "compile",
    str(ROOT / "examples/fraud/fraud.yaml"),
    "--set",
    "dataset_uri=s3://ml-datasets/fraud/v1",
    "--platform",
    str(ROOT / "workflow-templates/platform.example.yaml"),
)
FILES = {"a.txt": b"one", "b.txt": b"two"}


def test_files_are_written_again_and_never_over_others(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    for _ in range(2):
        assert write_files(folder, FILES, "cure") == [folder / "a.txt", folder / "b.txt"]
    (folder / "b.txt").write_bytes(b"mine")
    (folder / "a.txt").unlink()
    with pytest.raises(FileExists, match=r"b\.txt exists and holds something else"):
        write_files(folder, FILES, "cure")
    assert [path.name for path in folder.iterdir()] == ["b.txt"], "none of them is written"
    write_files(folder, FILES, "cure", replace=True)
    assert (folder / "b.txt").read_bytes() == b"two"
    assert len(list(folder.iterdir())) == 2, "no part of a file stays"


@pytest.mark.parametrize(("place", "kind"), [("file", FileExists), ("file/x/y", FileExists), ("/proc/x", InvalidUsage)])
def test_a_place_where_nothing_can_be_written_is_named(place: str, kind: type[ML8sError], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(kind) as caught:
        write_files(tmp_path / place, FILES, "give another folder")
    assert (caught.value.cure, caught.value.exit_status) == ("give another folder", 2)
    assert caught.value.where.startswith(str(tmp_path / place.split("/", maxsplit=1)[0]) if place[0] != "/" else place)


@pytest.mark.parametrize("folder", ["file", "file/x", "/proc/x"])
@pytest.mark.parametrize("verb", [("init", "--from", "churn"), (*COMPILE, "-o")])
def test_verbs_end_in_an_error_of_their_own(
    verb: tuple[str, ...],
    folder: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    assert main([*verb, folder]) == 2
    said = capsys.readouterr().err
    assert folder.partition("/x")[0] in said
    assert "cure: " in said


def test_a_compiled_file_that_is_no_utf8_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMPILE, "-o", str(tmp_path)]) == 0
    assert main([*COMPILE, "-o", str(tmp_path), "--check"]) == 0
    template = next(tmp_path.glob("*-template.yaml"))
    template.write_bytes(template.read_bytes() + b"# Z\xfcrich\n")
    assert main([*COMPILE, "-o", str(tmp_path), "--check"]) == 1
    assert "differs from what" in capsys.readouterr().err


def test_a_folder_and_a_platform_that_are_named_wrong_say_which_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*COMPILE, "-o", ""]) == 2
    assert "at -o" in capsys.readouterr().err
    assert main([*COMPILE[:-1], "nothing.yaml"]) == 2
    assert "cure: check --platform" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
