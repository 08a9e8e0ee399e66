"""Comparison with recorded numbers of the original (see `cases.py`)."""
