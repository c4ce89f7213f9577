"""Runs that are there already: found, compared, cleared away, and told on a page.

========== =================================================
finding    which runs there are, and how each stands
comparing  in what two runs differ
cleaning   which may go, and which others still refer to
rendering  a page that needs nothing beside it
pages      the page of a run, of a batch run, of a campaign
commands   ``kit list``, ``diff``, ``clean`` and ``report``
========== =================================================
"""
