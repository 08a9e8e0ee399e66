"""Engines: arrays in, arrays out. Each imports its own library in its own file only."""
