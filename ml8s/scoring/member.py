"""A member: one fitted estimator of a model, in one of four families of files.

A family lists exactly the files that a member of it has. Before any parser reads a file, the folder is compared with
that list and each file with its recorded size and sha256: the C parsers of LightGBM and XGBoost may end the process on
bytes that they do not expect, so nothing reaches them that ML8s did not write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from ml8s.artifacts import FileEntry, Json, describe_folder, file_sha256
from ml8s.scoring.refusal import refused
from ml8s.scoring.shape import Floats, Shape

FAMILIES: Final[Mapping[str, str]] = {
    "lgbm": "lightgbm",
    "xgboost": "xgboost",
    "rf": "forest",
    "extra_tree": "forest",
    "linear": "linear",
}


class Member(Protocol):
    """One fitted estimator."""

    @property
    def family(self) -> str:
        """The family of its files: lightgbm, xgboost, forest or linear."""

    def score(self, x: Floats, threads: int = 1) -> Floats:
        """Scores of rows [n, features]: P(positive) or the value [n]; multiclass [n, classes].

        A row's score depends on that row alone, to the bit, and not on the number of threads.
        """

    def write(self, folder: Path) -> None:
        """Writes its files into an empty folder; the bytes depend on the fitted model only."""


def file_entries(folder: Path) -> list[dict[str, Json]]:
    """The files of a member's folder as JSON: path, size in bytes and sha256, sorted by path."""
    return [{"path": f.path, "size": f.size, "sha256": f.sha256} for f in describe_folder("member", folder).files]


def load_member(folder: Path, family: str, files: object, shape: Shape) -> Member:
    """Opens a member.

    Args:
        folder: holds the member's files and nothing else.
        family: lightgbm, xgboost, forest or linear.
        files: what ``file_entries`` gave when the member was written.
        shape: of the model that it belongs to.

    Raises:
        ModelFileRefused: an unknown family, a file too many, too few, of another size or content, or a content that
            is not this format or does not fit the shape.
    """
    names, read = _format(family, folder)
    _check_files(folder, names, _parse_entries(files, folder))
    return read(folder, shape)


def _format(family: str, folder: Path) -> tuple[Sequence[str], Callable[[Path, Shape], Member]]:
    if family == "lightgbm":
        from ml8s.scoring import lightgbm_text

        return lightgbm_text.FILES, lightgbm_text.read
    if family == "xgboost":
        from ml8s.scoring import xgboost_ubj

        return xgboost_ubj.FILES, xgboost_ubj.read
    if family == "forest":
        from ml8s.scoring import forest

        return forest.FILES, forest.read
    if family == "linear":
        from ml8s.scoring import linear

        return linear.FILES, linear.read
    raise refused(folder, f"{family!r} is no family of model files that ML8s writes")


def _parse_entries(files: object, folder: Path) -> list[FileEntry]:
    try:
        if not isinstance(files, list):
            raise TypeError
        return [FileEntry(str(f["path"]), int(f["size"]), str(f["sha256"])) for f in files]
    except (TypeError, KeyError, ValueError):
        raise refused(folder, "the list of its files is damaged") from None


def _check_files(folder: Path, names: Sequence[str], entries: Sequence[FileEntry]) -> None:
    if not folder.is_dir() or folder.is_symlink():
        raise refused(folder, "there is no such folder")
    found = sorted(path.name for path in folder.iterdir())
    listed = sorted(entry.path for entry in entries)
    if found != sorted(names) or listed != sorted(names):
        raise refused(folder, f"it must hold {', '.join(sorted(names))}, but holds {', '.join(found) or 'nothing'}")
    for entry in entries:
        path = folder / entry.path
        if path.is_symlink() or not path.is_file():
            raise refused(path, "it is not a regular file")
        if path.stat().st_size != entry.size or file_sha256(path) != entry.sha256:
            raise refused(path, "its content is not what was written (size or sha256 differ)")
