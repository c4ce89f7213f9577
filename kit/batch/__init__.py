"""Notebooks as functions: one here and now, or thousands as jobs."""
