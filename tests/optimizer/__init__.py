"""Optimizers, schedules, penalties."""
