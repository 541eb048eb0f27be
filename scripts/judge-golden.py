#!/usr/bin/env python3
"""Values the sequential judge must give, computed independently with scipy.

    python3 -m venv venv && venv/bin/pip install scipy
    venv/bin/python scripts/judge-golden.py > src/core/judge/sequential/golden.vectors.json
    npx prettier --write src/core/judge/sequential/golden.vectors.json

golden.test.ts compares them to 1e-6 (the confidence sequence to .2 % of its borders).
"""
import json

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln, logsumexp
from scipy.stats import beta, binom, nchypergeom_fisher, norm

rng = np.random.default_rng(20260)

WORSE = [1.1, 1.25, 1.5, 2, 3, 5, 10, 30]
SAFE = [0.2, 0.35, 0.5, 0.65, 0.8]
LATENCY = [1.1, 1.25, 1.5, 2, 3, 5]
STRENGTHS = [0.05, 0.1, 0.2, 0.4, 0.8]
STAKES = [0.02, 0.05, 0.1, 0.2, 0.4, 0.8]


def binomial_ratio(tick, ratio, r):
    """log likelihood ratio of the canary's part of all bad events, ratio·r against ratio."""
    n_c, n_s, e_c, e_s = tick
    if n_c == 0 or n_s == 0 or e_c + e_s == 0:
        return 0.0
    odds = ratio * n_c / n_s
    p0, p1 = odds / (1 + odds), odds * r / (1 + odds * r)
    e = e_c + e_s
    return float(binom.logpmf(e_c, e, p1) - binom.logpmf(e_c, e, p0))


def path(ticks, ratio, factors):
    logs = np.zeros(len(factors))
    out = []
    for tick in ticks:
        logs += [binomial_ratio(tick, ratio, r) for r in factors]
        out.append(float(logsumexp(logs) - np.log(len(factors))))
    return out


def random_ticks(count, scale, rate_c, rate_s):
    ticks = []
    for _ in range(count):
        n_c, n_s = int(rng.integers(0, scale)), int(rng.integers(1, 10 * scale))
        ticks.append([n_c, n_s, int(rng.binomial(n_c, rate_c)), int(rng.binomial(n_s, rate_s))])
    return ticks


def confidence(ticks, alpha):
    threshold = np.log(2 / alpha)

    def against(u, factors):
        return path(ticks, np.exp(u), factors)[-1] - threshold

    lo, hi = np.log(0.05), np.log(20)
    low = brentq(lambda u: against(u, WORSE), lo, hi) if against(lo, WORSE) > 0 else lo
    high = brentq(lambda u: against(u, SAFE), lo, hi) if against(hi, SAFE) > 0 else hi
    return [float(np.exp(low)), float(np.exp(high))]


def error_paths():
    cases = []
    for scale, rate_c, rate_s in [(60, 0.02, 0.02), (400, 0.004, 0.003), (30, 0.3, 0.2), (5000, 0.01, 0.009)]:
        ticks = random_ticks(20, scale, rate_c, rate_s)
        for margin in (0, 0.2):
            cases.append(
                {
                    "ticks": ticks,
                    "margin": margin,
                    "worse": path(ticks, 1 + margin, WORSE),
                    "safe": path(ticks, 2, SAFE),
                    "confidence": confidence(ticks, 0.01),
                }
            )
    return cases


def fisher_cases():
    cases = []
    for n_c, n_s in [(5, 5), (50, 450), (25, 475), (200, 200), (1000, 19000), (3, 997)]:
        for share in (0.01, 0.1, 0.5, 0.9):
            e_c, e_s = int(rng.binomial(n_c, share)), int(rng.binomial(n_s, share))
            e = e_c + e_s
            if e in (0, n_c + n_s):
                continue
            for null in (1.0, 1.2):
                at_null = nchypergeom_fisher.logpmf(e_c, n_c + n_s, n_c, e, null)
                logs = [
                    float(nchypergeom_fisher.logpmf(e_c, n_c + n_s, n_c, e, null * r) - at_null)
                    for r in LATENCY
                ]
                if all(np.isfinite(logs)):
                    cases.append({"tick": [n_c, n_s, e_c, e_s], "null": null, "logs": logs})
    return cases


def sign_flip():
    differences = rng.normal(0.3, 2, 40).tolist()
    logs, squares = np.zeros(len(STRENGTHS)), []
    for d in differences:
        if squares and np.mean(squares) > 0:
            z = d / np.sqrt(np.mean(squares))
            logs += [c * z - np.log(np.cosh(c * z)) for c in STRENGTHS]
        squares.append(d * d)
    return {"differences": differences, "logE": float(logsumexp(logs) - np.log(len(STRENGTHS)))}


def betting():
    gains = rng.uniform(-1, 1.5, 40).tolist()
    logs = np.array([np.sum(np.log1p(f * np.array(gains))) for f in STAKES])
    return {"gains": gains, "logE": float(logsumexp(logs) - np.log(len(STAKES)))}


def dispersion():
    counts = (5 * rng.poisson(1.2, 60)).tolist()
    return {
        "total": 475,
        "counts": counts,
        "varianceOverMean": float(np.var(counts, ddof=1) / np.mean(counts)),
    }


print(
    json.dumps(
        {
            "errors": error_paths(),
            "fisher": fisher_cases(),
            "signFlip": sign_flip(),
            "betting": betting(),
            "dispersion": dispersion(),
            "logFactorial": [[n, float(gammaln(n + 1))] for n in (0, 1, 5, 170, 2047, 2048, 5000, 10**6)],
            "normalTail": [[z, float(norm.sf(z))] for z in (-3, -0.5, 0, 0.7, 1.96, 4)],
            "clopperPearson": [
                [hits, runs, float(beta.ppf(0.001, hits, runs - hits + 1))]
                for hits, runs in ((1, 40), (5, 100), (400, 8000))
            ],
        },
        indent=1,
    )
)
