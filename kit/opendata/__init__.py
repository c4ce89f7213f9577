"""LHC open data: invariant masses of all final states, and the histograms that BumpNet reads.

The stages are `catalogue`, `events`, `masses` and `histograms`. The rooms behind them, along the way of the data:

services → files
    `web`, `downloads`; `releases` and `portal` list, `listings` keep, `datasets` choose, `shelf` holds the files
files → arrays
    `schemas` (the table), `recognition`, `description`, `trees`, `chunks`, `sources`, `skim`; what options need
    besides: `wishes` (the table), `extras`, `origins`, `weights`, `duplicates`, `preparation`
arrays → spectra
    `selection`, `passing`, `overlaps`, `grouping`, `combinations`, `filling`; loops by `engine`: `kernels`,
    compiled, or `twins` and `option_twins`; masses of the original by `importing`, from `originals`
spectra → results that merge
    `spectra`, `pieces`, `portions`, `records`, `massfile`, `massarrays`, `survey`; told by `tally` and `outcome`
results → histograms
    `gathering`, `merging`, `peaks`, `signatures`, `bumpnet`
pictures
    `plots`, from `catalogue_plots`, `event_plots`, `mass_plots`, `histogram_plots`, `comparison_plots`,
    `job_plots`; with `drawing`, `captions`, `notation`
looking closer
    `panel` with `panel_controls`, on `mass_sets`, `mass_view`, `excesses`, drawn by `view_plots`,
    written by `view_exports`
demo events
    `demo`, from `collisions`, `processes`, `kinematics`, `demo_extras`; for the catalogue `demo_shelf` and
    `demo_service`
"""
