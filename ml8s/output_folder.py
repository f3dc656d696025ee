"""Files that a command writes where its user said: whole, over nothing else, and with an error that can be mended."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ml8s.errors import AccessDenied, FileExists, InvalidUsage, StoreFull
from ml8s.storage.files import FULL, whole_file


def write_files(folder: Path, files: Mapping[str, bytes], cure: str, *, replace: bool = False) -> list[Path]:
    """Writes files into a folder, which is made, and returns their paths; each appears complete or not at all.

    Args:
        folder: where to.
        files: content by name.
        cure: how the user names another folder.
        replace: whether files of other content may be replaced; else none is written where one of them is there.

    Raises:
        FileExists: something else has the place of a file or of the folder.
        InvalidUsage: no folder can be made there.
        AccessDenied: nothing may be written there.
        StoreFull: no space is left.
    """
    check_files(folder, files, cure, replace=replace)
    make_folder(folder, cure)
    for name, content in files.items():
        with _named_errors(folder / name, cure), whole_file(folder / name) as file:
            file.write(content)
    return [folder / name for name in files]


def check_files(folder: Path, files: Mapping[str, bytes], cure: str, *, replace: bool = False) -> None:
    """Raises what ``write_files`` would for what is there already; writes nothing."""
    _refuse_file(folder, cure)
    for name, content in files.items():
        path = folder / name
        with _named_errors(path, cure):
            if path.is_dir() or (not replace and path.exists() and path.read_bytes() != content):
                raise FileExists(f"{path} exists and holds something else", where=str(path), cure=cure)


def make_folder(folder: Path, cure: str) -> None:
    """Makes a folder with those above it; raises as ``write_files`` does."""
    _refuse_file(folder, cure)
    with _named_errors(folder, cure):
        folder.mkdir(parents=True, exist_ok=True)


def _refuse_file(folder: Path, cure: str) -> None:
    for path in (folder, *folder.parents):
        with _named_errors(path, cure):
            if path.exists() and not path.is_dir():
                raise FileExists(f"{path} is a file, not a folder", where=str(path), cure=cure)


@contextmanager
def _named_errors(path: Path, cure: str) -> Iterator[None]:
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise FileExists(f"{path} is not to be had: a file is in its place", where=str(path), cure=cure) from error
    except OSError as error:
        if error.errno in FULL:
            raise StoreFull(f"no space is left for {path}", where=str(path), cure="make room and run again") from error
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise AccessDenied(f"{path} may not be written", where=str(path), cure=cure) from error
        reason = error.strerror or str(error)
        raise InvalidUsage(f"{path} cannot be written: {reason}", where=str(path), cure=cure) from error
