"""kubectl in, JSON out."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from tests.cluster.bed.commands import run
from tests.cluster.bed.objects import Object


class Kubectl:
    """The administrator's kubectl; it must run inside the network namespace."""

    def __init__(self, program: Path, kubeconfig: Path) -> None:
        """Remember the program and whom it speaks for."""
        self._prefix = [str(program), "--kubeconfig", str(kubeconfig)]

    def __call__(self, *words: str | Path, stdin: str | None = None, seconds: float = 60) -> str:
        """Run kubectl and return what it prints; raise BedError when it fails."""
        return run([*self._prefix, *words], stdin=stdin, seconds=seconds)

    def apply(self, *objects: Object, seconds: float = 60) -> None:
        """Apply objects on the server's side."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(listed), seconds=seconds)

    def get(self, kind: str, name: str, space: str) -> Object:
        """Return one object; raise BedError when there is none."""
        found = json.loads(self("get", kind, name, "-n", space, "-o", "json"))
        return cast("Object", found)

    def list(self, kind: str, space: str = "", selector: str = "") -> Sequence[Object]:
        """Return objects of a namespace, or of all when none is named."""
        where = ["-n", space] if space else ["--all-namespaces"]
        chosen = ["-l", selector] if selector else []
        found = json.loads(self("get", kind, *where, *chosen, "-o", "json"))
        return cast("Sequence[Object]", found["items"])
