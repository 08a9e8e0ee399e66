"""Errors, logs and files."""
