"""The section of a feature manifest that says what features of past rows are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml8s.features.asof.feature import AsOfFeature
from ml8s.features.entities import EntitySet
from ml8s.features.manifest import FeatureManifest


def used_aggregates(manifest: FeatureManifest) -> tuple[AsOfFeature, ...]:
    """The as-of features that a manifest's features read, in order."""
    section = manifest.as_of
    if section is None:
        return ()
    features = section["features"]
    assert isinstance(features, Sequence)
    return tuple(AsOfFeature.from_json(one) for one in features if isinstance(one, Mapping))


def used_entities(manifest: FeatureManifest) -> EntitySet | None:
    """The entity set of a manifest's as-of features; None without them."""
    return None if manifest.as_of is None else EntitySet.from_json(manifest.as_of)
