"""A look at training data before it costs a training: what is wrong with it, and what would help.

`inspect.run` reads the sets of a config with the parser and the transforms of training and
returns a `report.Report`; `preview` draws samples as the network sees them.
"""
