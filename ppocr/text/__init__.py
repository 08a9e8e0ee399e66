"""Characters: dictionaries, and one codec per labelling scheme. Numpy only."""
