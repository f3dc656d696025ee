"""The variables by which a compiled workflow tells a step's container what to do: written once, read by another."""

from __future__ import annotations

from typing import Final

CONFIG: Final = "ML8S_CONFIG"
"""The resolved config: base64 of its JSON."""
COMPILED_FROM: Final = "ML8S_CONFIG_SHA256"
"""The beginning of the digest of the config that the template was compiled from, in base64 as well."""
IMAGE: Final = "ML8S_IMAGE_DIGEST"
"""The digest of the step's image: its code, in the keys of results."""
REPLAY: Final = "ML8S_REPLAY"
"""How many trials each search has to make again, such as ``lgbm=12,xgboost=9``; empty where the budget decides."""
ACTOR: Final = "ML8S_ACTOR"
"""Who asked for the run, as the cluster's API server knows them; empty where nobody said."""
