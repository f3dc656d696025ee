"""Examples: seeded generators of realistic snapshots and the configs that learn from them.

Each is a module of this package with ``publish(folder, rows, seed)``, and a config of the same name.
"""

from __future__ import annotations

from typing import Final

# Example -> what it shows, and the rows of the snapshot that `ml8s init` makes on the spot.
EXAMPLES: Final[dict[str, tuple[str, int]]] = {
    "fraud": ("rare fraud in card payments, split by time", 40_000),
    "churn": ("customers who leave, mixed columns with nulls, stratified split", 8_000),
    "ranking": ("search results ordered within each query", 12_000),
    "pricing": ("prices of used cars, a regression", 10_000),
    "demand": ("units sold by product and shop, a forecast of 28 days", 14_000),
}
