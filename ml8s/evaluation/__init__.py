"""Evaluation: metrics, gates, and the report on any model that scores rows. It knows no search."""
