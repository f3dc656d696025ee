"""LightGBM members: ``model.txt``, LightGBM's own text up to the end of its trees.

What LightGBM appends after the trees (importances, the parameters with the number of threads) does not take part in
scoring and is not kept, so the bytes are equal for any number of threads.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml8s.config.metrics import BINARY, MULTICLASS
from ml8s.scoring.member import refused
from ml8s.scoring.shape import Floats, Shape

FILES: Final = ("model.txt",)
_END: Final = "end of trees\n"
_HEADER: Final = re.compile(r"tree\nversion=v4\n(?:[a-z_]+(?:=[^\n]*)?\n)+\n")


class LightGBMMember:
    """A fitted LightGBM booster."""

    family = "lightgbm"

    def __init__(self, booster: Any, shape: Shape) -> None:
        self._booster = booster
        self._shape = shape

    def score(self, x: Floats, threads: int = 1) -> Floats:
        """See ``Member.score``."""
        if len(x) == 0:
            return self._shape.empty()
        return np.asarray(self._booster.predict(np.ascontiguousarray(x), num_threads=threads), dtype=np.float64)

    def text(self) -> str:
        """The booster as text, without what depends on the run."""
        text: str = self._booster.model_to_string(num_iteration=-1)
        return text[: text.index(_END) + len(_END)]

    def write(self, folder: Path) -> None:
        """See ``Member.write``."""
        (folder / FILES[0]).write_bytes(self.text().encode("ascii"))


def read(folder: Path, shape: Shape) -> LightGBMMember:
    """Opens ``model.txt``; raises ModelFileRefused where it is not such a file or of another shape."""
    import lightgbm

    path = folder / FILES[0]
    try:
        text = path.read_bytes().decode("ascii")
    except UnicodeDecodeError:
        raise refused(path, "it is no LightGBM text") from None
    _check_text(path, text, shape)
    try:
        return LightGBMMember(lightgbm.Booster(model_str=text), shape)
    except (lightgbm.basic.LightGBMError, ValueError) as error:
        raise refused(path, f"LightGBM cannot read it ({error})") from None


def _check_text(path: Path, text: str, shape: Shape) -> None:
    """Checks the header, and that the trees lie exactly where it says."""
    header = _HEADER.match(text)
    if header is None or not text.endswith(_END):
        raise refused(path, "it is no complete LightGBM text of version v4")
    fields = dict(line.partition("=")[::2] for line in header[0].splitlines())
    classes = shape.classes if shape.kind == MULTICLASS else 1
    objective = {BINARY: "binary", MULTICLASS: "multiclass", "ranking": "lambdarank"}.get(shape.kind, "regression")
    if (
        fields.get("num_tree_per_iteration") != str(classes)
        or fields.get("max_feature_idx") != str(shape.features - 1)
        or fields.get("objective", "").partition(" ")[0] != objective
    ):
        raise refused(path, f"it is no LightGBM model of {shape.features} features for a {shape.kind} target")
    sizes = fields.get("tree_sizes", "").split()
    if not all(size.isdecimal() for size in sizes) or header.end() + sum(map(int, sizes)) + len(_END) != len(text):
        raise refused(path, "its trees do not have the sizes that its header says")
