"""The windows of an event in plain Python, written from the definitions, sharing nothing with the kit.

An event is a dictionary of lists by the dumper's names, a window a dictionary by the public original's names.
Everything is computed where it is needed, one number at a time.
"""

import math

import numpy as np

SHAPES = ("r9", "sigmaIetaIeta", "sigmaIetaIphi", "sigmaIphiIphi", "swissCross")
f4 = np.float32


def window_size(eta, version=3):
    a = abs(eta)
    up = (0.1 / 1.5) * (a - 1.5) + 0.2 if a > 1.5 else (0.1 / 1.5) * a + 0.1
    down = -0.1
    if a > 1.5:
        down = -0.1 + (-0.2 / 1.5) * (a - 1.5) if version == 3 else (-0.1 / 1.5) * (a - 1.5) - 0.1
    width = 0.7 + (-0.1 / 3) * a
    if version == 1:
        if a < 0.1:
            up = 0.075
        elif a < 1.3:
            up = 0.0758929 - 0.0178571 * a + 0.0892857 * a**2
        elif a < 1.7:
            up = 0.2
        elif a < 1.9:
            up = 0.625 - 0.25 * a
        else:
            up = 0.15
        down = -0.075 if a < 2.1 else 0.31875 - 0.1875 * a if a < 2.5 else -0.15
        width = 0.6 if a < 1.9 else 1.075 - 0.25 * a if a < 2.7 else 0.4
    return up, down, width


def turned(p):
    if p > math.pi:
        return p - 2 * math.pi
    if p < -math.pi:
        return p + 2 * math.pi
    return p


def is_inside(seed_eta, seed_phi, seed_iz, eta, phi, iz, version=3, size_of=None):
    if iz != seed_iz:
        return False
    up, down, width = window_size(seed_eta if size_of is None else size_of, version)
    e = eta - seed_eta
    if seed_eta < 0:
        e = -e
    return down <= e <= up and abs(turned(seed_phi - phi)) <= width


def best_particles(scores, minimum=1e-4):
    calo, score = [], []
    for row in scores:
        best, where = -1.0, -1
        for j, s in enumerate(row):
            if s > best:
                best, where = s, j
        if best > minimum:
            calo.append(where)
            score.append(best)
        else:
            calo.append(-1)
            score.append(-1)
    main = {}
    for i, (c, s) in enumerate(zip(calo, score, strict=True)):
        if c >= 0 and (c not in main or s > score[main[c]]):
            main[c] = i
    return calo, score, main


def in_mustache(seed_eta, seed_phi, eta, phi, energy, numbers):
    o = numbers["outline"]
    seed_eta, seed_phi, eta, phi, energy = map(f4, (seed_eta, seed_phi, eta, phi, energy))
    log_e = np.log10(energy)
    if log_e < o["log10_energy_min"] or log_e + f4(o["sqrt_log_energy_tuning"]) < 0:
        return False
    s = seed_eta * np.sin(seed_eta)
    q = np.sqrt(log_e + f4(o["sqrt_log_energy_tuning"]))
    w0, w1 = [f4(x) for x in o["w0"]], [f4(x) for x in o["w1"]]
    a, b = w1[0] * s + w1[1] / q, w0[0] * s + w0[1] / q
    middle = (a + w0[0] * s) + w0[1] / q
    h = f4(o["half_crystal_width"])
    d = float(phi - seed_phi)
    d = d if -math.pi <= d < math.pi else (d + math.pi) % (2 * math.pi) - math.pi
    bends = []
    shifts = [f4(float(a) - 0.5 * float(middle)), f4(float(b) - 0.5 * float(middle))]
    for shift, p in zip(shifts, (o["curvature_upper"], o["curvature_lower"]), strict=True):
        c = s * (f4(p[0]) * s + f4(p[1])) + f4(p[2])
        bends.append(f4(1 / (4 * float(c)) - abs(float(shift))))
    upper = f4((max(1 / (4 * float(bends[0])), 0.0) * d * d + float(max(shifts[0], h))) + float(h))
    lower = f4(max(1 / (4 * float(bends[1])), 0.0) * d * d + float(min(shifts[1], -h)))
    distance = eta - seed_eta
    if seed_eta < 0:
        distance = -distance
    for row in numbers["dphi"]["rows"]:
        if row[0] <= abs(float(seed_eta)) and (row[1] is None or abs(float(seed_eta)) < row[1]):
            _, _, yoffset, scale, xoffset, width, saturation, cutoff = row
    log_et = float(np.log10(energy / np.cosh(eta)))
    far = max(min(yoffset + scale / (1 + math.exp((log_et - xoffset) * width)), cutoff), saturation)
    back = float(seed_phi - phi)
    back = back if -math.pi <= back < math.pi else (back + math.pi) % (2 * math.pi) - math.pi
    return bool(lower < distance < upper and abs(back) < far)


def threshold(table, et, eta):
    data = table["corrections"][0]["data"]
    ets, etas = data["edges"]
    i = min(max(sum(1 for x in ets if x <= et) - 1, 0), len(ets) - 2)
    j = min(max(sum(1 for x in etas if x <= eta) - 1, 0), len(etas) - 2)
    return data["content"][i * (len(etas) - 1) + j]


def energies(raw, calibrated, eta, name):
    made = {name: raw, name.replace("en", "et", 1): raw / math.cosh(eta)}
    made[f"{name}_calib"] = calibrated
    made[f"{name.replace('en', 'et', 1)}_calib"] = calibrated / math.cosh(eta)
    return made | {f"{key}_log": math.log(1 + value) for key, value in made.items()}


def hits_of(event, i):
    columns = [event[f"pfClusterHit_{k}"][i] for k in ("ieta", "iphi", "iz", "rechitEnergy", "fraction")]
    return [[a, b, c, e, e * f, f] for a, b, c, e, f in zip(*columns, strict=True)]


def shapes_of(event, i, prefix):
    made = {f"{prefix}f5_{s}": event[f"pfCluster_full5x5_{s}"][i] for s in SHAPES}
    made |= {f"{prefix}{s}": event[f"pfCluster_{s}"][i] for s in (*SHAPES, "etaWidth", "phiWidth")}
    return made | {f"{prefix}nxtals": event["pfCluster_nXtals"][i]}


def windows_of(event, table, numbers, labels="fixed", overlapping=False, et_min=1.0, keep="matched", version=3,
               score_min=1e-2, gen_position=False):  # fmt: skip
    """Return the windows of an event; of unmatched ones all or none (`keep`)."""
    eta, phi, iz = (event[f"pfCluster_{k}"] for k in ("eta", "phi", "iz"))
    energy, raw = event["pfCluster_energy"], event["pfCluster_rawEnergy"]
    calo, score, main = best_particles(event["pfCluster_sim_fraction"])
    et = [e / math.cosh(x) for e, x in zip(energy, eta, strict=True)]
    order = sorted(range(len(et)), key=lambda i: -et[i])
    opened = []
    for i in order:
        if et[i] < et_min:
            continue
        taken = any(is_inside(eta[w], phi[w], iz[w], eta[i], phi[i], iz[i], version) for w, _ in opened)
        if overlapping or not taken:
            own = calo[i] if calo[i] >= 0 and score[i] > score_min else -1
            if own >= 0 and gen_position:
                where = (event[f"caloParticle_{k}"][own] for k in ("genEta", "genPhi", "simIz"))
                own = own if is_inside(*where, eta[i], phi[i], iz[i], version, size_of=eta[i]) else -1
            opened.append((i, own))
    windows = [start_window(event, seed, own, calo, score, main) for seed, own in opened]
    kept = {"p": False, "d": False, "o": -1}
    for i in order:
        for (seed, own), window in zip(opened, windows, strict=True):
            if is_inside(eta[seed], phi[seed], iz[seed], eta[i], phi[i], iz[i], version):
                limit = threshold(table, raw[seed] / math.cosh(eta[seed]), abs(eta[seed]))
                told = label(i, own, calo, score, main, limit, labels, kept)
                window["clusters"].append(cluster_of(event, i, seed, own, told, calo, score, numbers))
    for window in windows:
        finish(window)
    return [w for w in windows if keep == "all" or w["is_seed_calo_matched"]]


def label(i, own, calo, score, main, limit, labels, kept):
    is_main = calo[i] >= 0 and main[calo[i]] == i
    same, diff = own >= 0 and calo[i] == own, own >= 0 and calo[i] >= 0 and calo[i] != own
    made = {
        "is_calo_matched": same,
        "is_calo_matched_diffcalo": diff,
        "other_calo_index": calo[i] if diff and is_main else -1,
        "is_calo_seed": (same or diff) and is_main,
        "pass": same and score[i] >= limit,
    }
    if labels == "fixed":
        return made
    if own < 0:
        kept["p"] = False
    else:
        kept["d"] = diff
        if same:
            kept["p"] = made["pass"]
        elif diff:
            kept["o"] = made["other_calo_index"]
        else:
            kept["p"] = False
    return made | {
        "pass": kept["p"],
        "is_calo_matched_diffcalo": kept["d"],
        "other_calo_index": kept["o"] if kept["d"] else -1,
    }


def start_window(event, seed, own, calo, score, main):
    eta = event["pfCluster_eta"][seed]
    seeds = list(event["superCluster_seedIndex"])
    sc = seeds.index(seed) if seed in seeds else -1
    ids = {"run_id": "runId", "lumi_id": "lumiId", "event_id": "eventId"}
    window = {key: event[name] for key, name in ids.items()}
    window |= {
        "window_index": ":".join(str(window[key]) for key in ids) + f":{seed}",
        "is_seed_calo_matched": own >= 0,
        "calo_index": own,
        "is_seed_calo_seed": own >= 0 and main[own] == seed,
        "is_seed_mustache_matched": sc >= 0,
        "mustache_seed_index": sc,
        "seed_score": score[seed],
        "seed_simen_sig": event["pfCluster_simEnergy_sharedXtals"][seed][own] if own >= 0 else 0.0,
        **dict.fromkeys(("seed_simen_PU", "seed_recoen_PU", "seed_PUfrac", "event_tot_simen_PU"), 0.0),
        **{f"seed_{k}": event[f"pfCluster_{k}"][seed] for k in ("eta", "phi", "iz", "ieta", "iphi")},
        **energies(event["pfCluster_rawEnergy"][seed], event["pfCluster_energy"][seed], eta, "en_seed"),
        **{k: event[k] for k in ("nVtx", "rho", "obsPU", "truePU")},
        **shapes_of(event, seed, "seed_"),
        "seed_hits": hits_of(event, seed),
        "clusters": [],
        "seed_index": seed,
        "members": event["superCluster_pfClustersIndex"][sc] if sc >= 0 else [],
    }
    for kind in ("sim", "gen"):
        for axis in ("Eta", "Phi"):
            window[f"{kind}_true_{axis.lower()}"] = event[f"caloParticle_{kind}{axis}"][own] if own >= 0 else 0
    for kind, name in (("sim", "simEnergy"), ("gen", "genEnergy"), ("sim_good", "simEnergyGoodStatus")):
        energy = event[f"caloParticle_{name}"][own] if own >= 0 else 0
        window[f"en_true_{kind}"] = energy
        window[f"et_true_{kind}"] = energy / math.cosh(event["caloParticle_genEta"][own]) if own >= 0 else 0
    for kind, name in (("raw", "rawEnergy"), ("calib", "energy")):
        energy = event[f"superCluster_{name}"][sc] if sc >= 0 else 0
        window[f"en_mustache_{kind}"] = energy
        window[f"et_mustache_{kind}"] = energy / math.cosh(event["superCluster_eta"][sc]) if sc >= 0 else 0
    return window


def cluster_of(event, i, seed, own, told, calo, score, numbers):
    eta, phi = event["pfCluster_eta"], event["pfCluster_phi"]
    raw = event["pfCluster_rawEnergy"]
    en, en_seed = raw[i], raw[seed]
    et, et_seed = en / math.cosh(eta[i]), en_seed / math.cosh(eta[seed])
    told = dict(told)
    passed = told.pop("pass")
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = [float(np.log(x + 1)) for x in (en_seed - en, et_seed - et)]
    return {
        "cl_index": i,
        "is_seed": i == seed,
        "in_geom_mustache": in_mustache(eta[seed], phi[seed], eta[i], phi[i], en, numbers),
        **told,
        "in_scluster": passed or i == seed,
        "calo_score": score[i],
        "cl_calo_index": calo[i],
        "calo_simen_sig": event["pfCluster_simEnergy_sharedXtals"][i][own] if told["is_calo_matched"] else 0.0,
        **dict.fromkeys(("calo_simen_PU", "calo_recoen_PU", "calo_nxtals_PU", "cluster_PUfrac"), 0.0),
        **dict.fromkeys(("noise_en", "noise_en_uncal", "noise_en_nofrac", "noise_en_uncal_nofrac"), 0.0),
        **{f"cluster_{k}": event[f"pfCluster_{k}"][i] for k in ("eta", "phi", "ieta", "iphi", "iz")},
        "cluster_dphi": turned(phi[seed] - phi[i]),
        **energies(en, event["pfCluster_energy"][i], eta[i], "en_cluster"),
        **shapes_of(event, i, "cl_"),
        "cl_hits": hits_of(event, i),
        "cluster_deta": eta[i] - eta[seed] if eta[seed] > 0 else eta[seed] - eta[i],
        "cluster_den_seed": en_seed - en,
        "cluster_det_seed": et_seed - et,
        "cluster_den_seed_log": logs[0],
        "cluster_det_seed_log": logs[1],
    }


def finish(window):
    clusters, members = window["clusters"], window.pop("members")
    for cluster in clusters:
        cluster["in_mustache"] = cluster["cl_index"] in members
    insc = [c for c in clusters if c["in_scluster"]] if window["is_seed_calo_matched"] else []
    window["nclusters_insc"] = len(insc)
    for key, name in (("en", "en_cluster"), ("deta", "cluster_deta"), ("dphi", "cluster_dphi")):
        window[f"max_{key}_cluster_insc"] = max((abs(c[name]) for c in insc), default=-1)
    window["ncls"] = len(clusters)
    named = {"en": "en_cluster", "et": "et_cluster", "deta": "cluster_deta", "dphi": "cluster_dphi"}
    named |= {"den": "cluster_den_seed", "det": "cluster_det_seed"}
    for key, name in named.items():
        values = [abs(c[name]) if key in ("deta", "dphi") else c[name] for c in clusters]
        window[f"max_{key}_cluster"], window[f"min_{key}_cluster"] = max(values), min(values)
        window[f"mean_{key}_cluster"] = float(np.mean(values))
    window["wtot_simen_PU"] = window["wtot_recoen_PU"] = 0.0
    total = 0.0
    for c in clusters:
        total += c["calo_simen_sig"]
    window["wtot_simen_sig"] = total


def events_in(path, branches=None, most=None):
    """Yield the events of a file, or so many of them, as dictionaries of lists."""
    import uproot

    with uproot.open(path) as file:
        tree = file["recosimdumper/caloTree"]
        last = min(tree.num_entries, most or tree.num_entries)
        for first in range(0, last, 100):
            part = {"entry_start": first, "entry_stop": min(first + 100, last)}
            yield from tree.arrays(branches, **part, library="ak").to_list()
