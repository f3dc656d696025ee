"""Fills the console blocks of the READMEs with what the commands really print.

A block is ``<!-- run: FOLDER -->`` followed by a fenced ``console`` block: each line that begins with ``$ `` is run in
a scratch copy of FOLDER's commands' working directory, in order, and its output replaces what stands below it.
Blocks with the same FOLDER word share one scratch folder, so that a later block goes on where an earlier one ended.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "examples/*/README.md", "docs/tutorial.md")
BLOCK = re.compile(r"(<!-- run: (?P<folder>[a-z]+) -->\n```console\n)(?P<body>.*?)(```)", re.S)


def run_block(body: str, folder: Path) -> str:
    """The block's commands with their fresh output; a command that fails still shows what it printed."""
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}"}
    lines: list[str] = []
    for line in body.splitlines():
        if not line.startswith("$ "):
            continue
        done = subprocess.run(
            ["/bin/bash", "-c", line[2:]],
            cwd=folder,
            env=environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        lines += [line, *done.stdout.replace(str(folder), ".").rstrip().splitlines()]
        print(f"{done.returncode} {line}", file=sys.stderr)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Rewrites every page that has such blocks."""
    with tempfile.TemporaryDirectory() as scratch:
        for page in sorted(path for pattern in PAGES for path in ROOT.glob(pattern)):

            def replace(match: re.Match[str]) -> str:
                folder = Path(scratch, match["folder"])
                folder.mkdir(exist_ok=True)
                return match[1] + run_block(match["body"], folder) + match[4]

            page.write_text(BLOCK.sub(replace, page.read_text()))


if __name__ == "__main__":
    main()
