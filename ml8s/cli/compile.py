"""``ml8s compile``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ml8s.cli import options, ui

if TYPE_CHECKING:
    from ml8s.compile import Compiled


@click.command("compile")
@options.config_argument
@click.option("-o", "--output", default="-", show_default=True, metavar="DIR|-", help="A folder, or - for stdout.")
@click.option("--check", is_flag=True, help="Write nothing: exit 1 where the folder holds other objects than these.")
@click.option("--platform", metavar="FILE", help="The platform; else ML8S_PLATFORM, else ./platform.yaml.")
@options.set_option
def command(*, config: str, output: str, check: bool, platform: str | None, overrides: tuple[str, ...]) -> None:
    """Compile a config into Argo objects: a WorkflowTemplate, and a Workflow that refers to it. Works offline."""
    from ml8s.compile import compile_config
    from ml8s.config.loader import load_config
    from ml8s.errors import InvalidUsage
    from ml8s.platform.reading import load_platform

    if check and output == "-":
        raise InvalidUsage("--check compares with a folder", where="--check", cure="name the folder with -o DIR")
    if not output:
        raise InvalidUsage("-o names no folder", where="-o", cure="name a folder, or `-` for stdout")
    compiled = compile_config(load_config(config, overrides), load_platform(platform))
    if output == "-":
        ui.data(f"{compiled.template}---\n{compiled.workflow.rstrip()}")
    elif check:
        _compare(compiled, Path(output), config)
    else:
        for path in _write(compiled, Path(output)):
            ui.data(str(path))
    folder = "DIR" if output == "-" else output
    ui.next_command(f"kubectl apply -f {folder}/{compiled.name}-template.yaml, then")
    ui.next_command(f"argo submit -n {compiled.namespace} --from workflowtemplate/{compiled.name}")


def _write(compiled: Compiled, folder: Path) -> list[Path]:
    from ml8s.output_folder import write_files

    files = {name: text.encode() for name, text in compiled.files().items()}
    return write_files(folder, files, "give another folder with -o", replace=True)


def _compare(compiled: Compiled, folder: Path, config: str) -> None:
    from ml8s.errors import CompiledDiffers

    for name, text in compiled.files().items():
        path = folder / name
        found = path.read_bytes() if path.is_file() else None
        if found != text.encode():
            what = "is missing beside" if found is None else "differs from"
            raise CompiledDiffers(
                f"{path} {what} what {config} compiles to",
                where=str(path),
                cure=f"run `ml8s compile {config} -o {folder}` and commit what it writes",
            )
