"""Where a model goes wrong on an evaluation set, and what that says about the data."""
