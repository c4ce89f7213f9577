"""Parameterised notebooks for particle-physics detector work, and what stands behind them.

Importing `kit` imports nothing: each stage, and each heavy library, is imported where it is used.
"""

__version__ = "0.1.0"
