"""Image files in, results and drawings out."""
