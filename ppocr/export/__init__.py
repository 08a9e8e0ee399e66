"""Writing a trained model down, and proving that what was written gives the same results."""
