"""Notebooks as functions: one here and now, or thousands as jobs.

A *point* is one set of values for one notebook; points that one process works off are a *chunk*, one job; one call
of submit or resume is a *round*; all of it is a *run*, a directory of plain files. The stage is `submission`; the
commands are `commands` and `run_commands`. The rooms behind them, along the way of a point:

one notebook, here and now
    `notebooks` (found, read), `request` (values), `runner`, `execution`; all of them: `overview`, `demonstration`
what shall be sent
    `sweeps`, `tables` → `checks` → `points` → `planning`, with `chunks`, `options`, `sites`; one first: `trying`
a round is written
    `launching`, the `first_point` before the others; `writing`: `round_files`, `description` (job.sub),
    `script` (run.sh), `carrying`, `dag`
a round is sent
    `sending` through `condor`, or worked off by the `pool` of this computer, with `capacity` and `tenancy`
inside a job
    the folder `worker`, which imports nothing of the kit and travels along
how it stands
    `rounds` (where everything lies); `events` (log) and `results` (lines) → `status`; `spooled`; told by `why`,
    `reasons`, `watching`, `answers`
what becomes of it
    `stopping`, `resuming` with `regrouping`, `merging`, `collecting`
several stages, one after the other
    `campaign`, `chaining`, `growing`; `campaign_commands`; driven by `driving`, or one DAG by `chained_dag`
pictures and panels
    `snapshot` → `plots`, `run_html`, `run_panel` → `panel`, which calls the command by `kit.calling`
"""
