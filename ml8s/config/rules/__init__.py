"""Rules between fields: each a few lines, registered with the fields that it looks at.

A rule is asked only when every one of its fields is readable, so one mistake is reported once.
"""

from ml8s.config.rules import columns, forecasting, metrics, splits, training
from ml8s.config.rules.registry import RULES, findings

__all__ = ["RULES", "columns", "findings", "forecasting", "metrics", "splits", "training"]
