"""Predicting as users meet it: image files in; result files, crops and drawings out."""
