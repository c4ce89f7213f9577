"""The parts of the panels, each with its controls as attributes.

Of `kit.hgcroc.panel.ScanPanel`: `stand_panel` with `stand` (the connected test system), `axis_panel` with
`building` and `drafts` (axes and procedures that are being written), `plan_panel`, `run_panel`, `view_panel`,
`history_panel`; `axis_controls`, `stand_controls`, `view_controls`. `grade_panel`, with `channel_view`, is a
panel of its own.
"""
