"""Models, one a file, each run from a checkout: `python -m models.logistic_regression`."""
