"""Model files: written, read back and scored, in numpy, LightGBM and XGBoost only.

``load_model(folder).score(x)`` is the one way to score a model. Files are opened by an allow-list of formats (never a
pickle), checked against their sizes and digests before a parser sees them.
"""

from __future__ import annotations

from ml8s.scoring.model import Model, load_model

__all__ = ["Model", "load_model"]
