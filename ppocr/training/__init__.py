"""Training: a config becomes a run; the run learns, evaluates, saves and can be resumed."""
