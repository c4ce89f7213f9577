"""The program inside a job: it works off the points of one chunk, one after another.

The whole folder travels with the job and runs there as ``python -m worker CHUNK``. It therefore imports nothing of
the kit: the standard library, papermill and what papermill stands on are enough.
"""
