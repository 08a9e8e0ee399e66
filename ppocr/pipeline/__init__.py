"""One description of a model's way from image to result, and one runner for it."""
