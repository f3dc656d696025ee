"""What ``ml8s init`` writes: an example's config, and beside it a small snapshot that it learns from."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ml8s.errors import FileExists, InvalidUsage
from ml8s.examples import EXAMPLES
from ml8s.examples.generate import publish
from ml8s.output_folder import make_folder, write_files

DATA: Final = "data"


def check_example(name: str | None) -> str:
    """The name of an example that exists.

    Raises:
        InvalidUsage: none was named, or there is none of this name.
    """
    listed = ", ".join(f"`--from {example}` ({summary})" for example, (summary, _) in EXAMPLES.items())
    if name in EXAMPLES:
        return str(name)
    message = "init needs an example to start from" if name is None else f"there is no example {name!r}"
    raise InvalidUsage(message, where="--from", cure=f"choose one of {listed}")


def starter_files(folder: Path, name: str) -> tuple[Path, Path]:
    """The config and the snapshot's folder that a starter consists of.

    Raises:
        FileExists: one of them is there already, or ``folder`` is a file.
    """
    config, data = folder / f"{name}.yaml", folder / DATA
    for path in (folder, config, data):
        if path.is_file() or (path != folder and path.exists()):
            raise FileExists(
                f"{path} exists already, and init overwrites nothing",
                where=str(path),
                cure=_elsewhere(name),
            )
    return config, data


def write_starter(folder: Path, name: str) -> Path:
    """Writes the snapshot, then the config, and returns the config's path. An interrupted call leaves neither half.

    Raises:
        FileExists: something of it is there already.
        InvalidUsage, AccessDenied, StoreFull: nothing can be written there.
    """
    config, data = starter_files(folder, name)
    make_folder(folder, _elsewhere(name))
    with TemporaryDirectory(prefix=f".{DATA}-", dir=folder) as scratch:
        unfinished = Path(scratch) / DATA
        publish(name, unfinished, EXAMPLES[name][1])
        unfinished.rename(data)
    write_files(folder, {config.name: config_text(name).encode()}, _elsewhere(name))
    return config


def _elsewhere(name: str) -> str:
    return f"name another folder: `ml8s init FOLDER --from {name}`"


def config_text(name: str) -> str:
    """The commented config of an example."""
    return resources.files("ml8s.examples").joinpath(f"{name}.yaml").read_text("utf-8")
