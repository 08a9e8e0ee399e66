"""Pages and lines drawn from nothing: data to try the toolkit with.

Everything is a function of a seed, so the same command gives the same files.
"""
