"""A namespace's quota that keeps a pod waiting, read from the words of the Kubernetes API server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

# "pods "x" is forbidden: exceeded quota: q, requested: requests.cpu=2, used: requests.cpu=3, limited: requests.cpu=4"
_EXCEEDED: Final = re.compile(
    r"exceeded quota: (?P<name>\S+), requested: (?P<requested>\S+), used: (?P<used>\S+), limited: (?P<limited>\S+)"
)
_QUANTITY: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?(?:e\d+)?)(?P<unit>[numkMGTPE]|[KMGTPE]i)?")
_POWERS: Final = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


@dataclass(frozen=True, slots=True)
class ExceededQuota:
    """A pod that a quota has no room for at this moment.

    Attributes:
        name: the quota's.
        requested: what the pod asks for, by resource, in Kubernetes' own quantities; the exceeded ones only.
        used: what other pods have of the same.
        limited: what the namespace has in all.
    """

    name: str
    requested: Mapping[str, str]
    used: Mapping[str, str]
    limited: Mapping[str, str]

    @property
    def can_fit(self) -> bool:
        """Whether the pod fits once others have ended."""
        return all(quantity(asked) <= quantity(self.limited.get(name, "0")) for name, asked in self.requested.items())

    @property
    def words(self) -> str:
        """What is asked for and what there is, for a person."""
        asked = (
            f"{name}: {asked} asked, {self.used.get(name, '0')} of {self.limited.get(name, '0')} in use"
            for name, asked in self.requested.items()
        )
        return f"quota {self.name}: {'; '.join(asked)}"


def read_quota(message: str) -> ExceededQuota | None:
    """The quota of a message; None where it tells of none."""
    found = _EXCEEDED.search(message)
    if found is None:
        return None
    return ExceededQuota(found["name"], *(_amounts(found[part]) for part in ("requested", "used", "limited")))


def quantity(text: str) -> Decimal:
    """A quantity of Kubernetes (``500m``, ``4Gi``, ``2``) as a number; what cannot be read is 0.

    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return Decimal(0)
    unit = found["unit"] or ""
    if unit.endswith("i"):
        return Decimal(found["number"]) * Decimal(1024 ** ("KMGTPE".index(unit[0]) + 1))
    return Decimal(found["number"]).scaleb(_POWERS.get(unit, 0))


def _amounts(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.rstrip(",").split(",") if "=" in part)
