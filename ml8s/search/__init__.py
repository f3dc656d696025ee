"""The search for hyperparameters, and the fits of what it chose."""
