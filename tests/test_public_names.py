"""``import ml8s``: a flat, listed surface."""

from __future__ import annotations

from importlib import metadata

import pytest

import ml8s


def test_every_public_name_is_there() -> None:
    for name in ml8s.__all__:
        assert getattr(ml8s, name) is not None
    assert dir(ml8s) == sorted(ml8s.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'train'"):
        _ = ml8s.train


def test_the_version_is_that_of_the_package() -> None:
    assert ml8s.__version__ == metadata.version("ml8s")
