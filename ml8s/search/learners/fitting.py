"""One fit: what a library refuses is told apart from a bug of ML8s, and its warnings are kept off the terminal."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_tb
from typing import Final

import numpy as np

from ml8s.scoring.member import Member
from ml8s.search.learners.learner import Configuration, Learner

LIBRARIES: Final = {"lightgbm": "LightGBM", "xgboost": "XGBoost", "sklearn": "scikit-learn", "scipy": "SciPy"}
OF_NUMBERS: Final = (ArithmeticError, np.linalg.LinAlgError)
_PLACE: Final = re.compile(r"^(\[[0-9:]+\] )?(\S+:[0-9]+: )?")  # XGBoost begins with the time and its own file and line


class FitRefused(Exception):
    """The library that fits an estimator refused these rows or hyperparameters; says which, and in what words."""


def fit(estimator: str, learner: Learner, configuration: Configuration) -> Member:
    """A member fitted on the learner's rows.

    Raises:
        FitRefused: the library raised an error, or an arithmetic one came of the rows. Any other exception is a bug.
        MemoryError, OSError: the machine's limits, wherever they were met.
    """
    try:
        with quiet():
            return learner.fit(configuration)
    except (MemoryError, OSError):
        raise
    except Exception as error:
        library = _library_of(error)
        if library is None and not isinstance(error, OF_NUMBERS):
            raise
        raise FitRefused(f"{library or estimator} cannot fit {estimator}: {_words(error)}") from error


@contextmanager
def quiet() -> Iterator[None]:
    """Numbers that overflow show in a trial's value; libraries' warnings of them are no business of the terminal."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _library_of(error: Exception) -> str | None:
    """The library whose code raised an error, by the module of its innermost frame."""
    module = ""
    for frame, _ in walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
    return LIBRARIES.get(module.partition(".")[0])


def _words(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [""])[0]
    return _PLACE.sub("", first).removeprefix("Check failed: ") or type(error).__name__
