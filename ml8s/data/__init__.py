"""Snapshots: what they hold, the contract that their rows keep, and the folds that rows are assigned to."""
