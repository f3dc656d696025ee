"""Pipelines: which steps, in data."""
