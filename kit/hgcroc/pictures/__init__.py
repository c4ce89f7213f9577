"""Pictures of scans and calibrations, gathered by `kit.hgcroc.plots`.

`scan_plots` (along an axis), `board_plots` with `geometry` (on the board), `event_plots` (single events),
`distillate_plots`, `bundle_plots`; `channels`: what rows are called.
"""
