"""From scans to decisions: tables, analyses, calibrations, grades.

`tabulation`: ``tabulate(scan) -> Table``, arrays of all points with the registers of the chips; `labelled` makes
one of raw files of others; `scan_sources` finds what there is. `distilleries`: the analyses by name, each a
function of a table and of `wishes` that returns a `distillates.Distillate`: `pedestals`, `alignment`,
`sampling`, `linearity`, `discrimination`, `walking`, `over_threshold`, over `fitting`, `curve_fits`,
`power_fits` and `averages`. `reasons` against channels, `grading`; `agreement`, calibrations that
hold together; `overlays`, calibrations as files;
`analyses`, entries of procedures; `distilling`, one entry from scans to a folder; `user_distilleries`; `chains`,
scans with what they need; `reporting`.
"""
