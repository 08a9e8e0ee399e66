"""Boxes, polygons, crops and reading order. Numpy and OpenCV only."""
