"""A kubectl that answers as it is told: what connections, wrappers and foreign objects do to its callers."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ml8s.cluster.kubectl import Kubectl

Call = tuple[str, str, float, str]
"""One call of kubectl: what it prints, what it complains of, how many seconds before it ends, what it ends with."""


@dataclass
class Script:
    """A kubectl that answers its calls of a verb in turn, the last one again and again; it keeps what it was asked."""

    folder: Path

    def write(self, **answers: Sequence[Call]) -> Kubectl:
        for verb, calls in answers.items():
            for number, (printed, complaint, seconds, status) in enumerate(calls, start=1):
                place = self.folder / f"{verb}.{number}"
                (self.folder / f"{verb}.{number}.out").write_text(printed)
                say = f"cat {shlex.quote(str(place))}.out; sleep {seconds}; printf '%s' {shlex.quote(complaint)} >&2"
                place.write_text(f"{say}\nexit {status}\n")
        program = self.folder / "kubectl"
        program.write_text(
            f'#!/bin/sh\ncd {shlex.quote(str(self.folder))}\nshift 2\nprintf \'%s\\n\' "$*" >> "$1.asked"\n'
            'number=$(wc -l < "$1.asked")\n'
            'while [ ! -e "$1.$number" ]; do number=$((number - 1)); done\n. "./$1.$number"\n'
        )
        program.chmod(0o755)
        return Kubectl("ml8s", str(program))

    def asked(self, verb: str) -> list[str]:
        return (self.folder / f"{verb}.asked").read_text().splitlines()
