"""Reports that people look at: one page that needs no other, its tables, drawings and pictures.

Paddle-free, and knows nothing of what is reported.
"""
