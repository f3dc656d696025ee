"""How a model file that is not opened is refused."""

from __future__ import annotations

from pathlib import Path

from ml8s.errors import ModelFileRefused


def refused(where: Path, reason: str) -> ModelFileRefused:
    """The error for a model file that is not opened."""
    return ModelFileRefused(
        f"model file {where.name} is refused: {reason}",
        where=str(where),
        cure="fetch the model again from the store; `ml8s models verify` compares every digest",
    )
