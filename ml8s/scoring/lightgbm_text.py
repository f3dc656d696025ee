"""LightGBM members: ``model.txt``, LightGBM's own text up to the end of its trees.

What LightGBM appends after the trees (importances, the parameters with the number of threads) does not take part in
scoring and is not kept, so the bytes are equal for any number of threads.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ml8s.scoring.lightgbm_trees import END, check_text
from ml8s.scoring.refusal import refused
from ml8s.scoring.shape import Floats, Shape

if TYPE_CHECKING:
    import lightgbm

FILES: Final = ("model.txt",)


class LightGBMMember:
    """A fitted LightGBM booster."""

    family = "lightgbm"

    def __init__(self, booster: lightgbm.Booster, shape: Shape) -> None:
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
        return text[: text.index(END) + len(END)]

    def write(self, folder: Path) -> None:
        """See ``Member.write``."""
        (folder / FILES[0]).write_bytes(self.text().encode("ascii"))


def read(folder: Path, shape: Shape) -> LightGBMMember:
    """Opens ``model.txt``; raises ModelFileRefused where it is not such a file or of another shape."""
    import lightgbm

    path = folder / FILES[0]
    try:
        text = path.read_bytes().decode("ascii")
        check_text(text, shape)
    except UnicodeDecodeError:
        raise refused(path, "it is no LightGBM text") from None
    except ValueError as error:
        raise refused(path, str(error)) from None
    try:
        return LightGBMMember(lightgbm.Booster(model_str=text), shape)
    except (lightgbm.basic.LightGBMError, ValueError) as error:
        raise refused(path, f"LightGBM cannot read it ({error})") from None
