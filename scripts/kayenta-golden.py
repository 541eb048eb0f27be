"""Golden values of the Kayenta judge's statistics, from scipy and R, for src/core/judge/kayenta.

    pip install scipy && python3 scripts/kayenta-golden.py

Writes src/core/judge/kayenta/kayenta.vectors.json. Shifts are found by R's own uniroot (the C function
zeroin) on the standardised rank sum, so Rscript has to be on the PATH for them; without it the script
keeps those that are in the file.
"""

import json
import pathlib
import shutil
import subprocess

import numpy
from scipy import stats

FILE = pathlib.Path(__file__).parent.parent / "src/core/judge/kayenta/kayenta.vectors.json"

# Reads cases as lines "x1,x2,…;y1,y2,…" and prints low, high and estimate with all their digits.
R_PROGRAM = r"""
f <- function(mu, x, y, q) {
  n <- length(x); m <- length(y)
  r <- rank(c(x - mu, y)); t <- table(r)
  dz <- sum(r[seq_along(x)]) - n * (n + 1) / 2 - n * m / 2
  sigma <- sqrt((n * m / 12) * ((n + m + 1) - sum(t^3 - t) / ((n + m) * (n + m - 1))))
  (dz - sign(dz) * 0.5) / sigma - q
}
root <- function(x, y, q) {
  lo <- min(x) - max(y); hi <- max(x) - min(y)
  flo <- f(lo, x, y, q); if (flo <= 0) return(lo)
  fhi <- f(hi, x, y, q); if (fhi >= 0) return(hi)
  uniroot(f, c(lo, hi), f.lower = flo, f.upper = fhi, tol = 1e-4, maxiter = 1000, x = x, y = y, q = q)$root
}
z <- qnorm(0.01, lower.tail = FALSE)
for (line in readLines(file("stdin"))) {
  sides <- strsplit(line, ";")[[1]]
  x <- as.numeric(strsplit(sides[1], ",")[[1]]); y <- as.numeric(strsplit(sides[2], ",")[[1]])
  cat(sprintf("%.17g %.17g %.17g\n", root(x, y, z), root(x, y, -z), root(x, y, 0)))
}
"""


def cases(rng):
    """Pairs of experiment and control of many shapes, units and sizes."""
    yield "4 and 4", [10, 20, 30, 40], [1, 2, 3, 4]
    yield "7 of 10 a hundred times worse", [1, 1.1, 0.9, 100, 101, 99, 100, 102, 98, 100], [
        1.0, 1.1, 0.9, 1.05, 0.95, 1.2, 0.8, 1.0, 1.1, 0.9]
    yield "rare errors", [0.0] * 45 + [1.0, 2.0, 3.0] * 5, [0.0] * 60
    yield "two and three", [5.0, 6.5], [3.0, 4.0, 5.5]
    for size in (5, 12, 60):
        for shift in (0, 0.5, 3):
            yield f"normal {size} +{shift}", rng.normal(10 + shift, 1, size), rng.normal(10, 1, size)
            yield f"lognormal {size} x{1 + shift}", (1 + shift) * rng.lognormal(0, 1, size), rng.lognormal(
                0, 1, size + 3)
            yield f"ties {size} +{shift}", rng.poisson(3 + shift, size), rng.poisson(3, size + 2)
    yield "small unit", rng.normal(0.013, 0.001, 40), rng.normal(0.010, 0.001, 40)
    yield "large unit", rng.normal(1.3e9, 1e8, 40), rng.normal(1e9, 1e8, 40)
    yield "negative", rng.normal(-5, 1, 30), rng.normal(-3, 1, 30)


def within_fences(values, factor=3.0):
    p01, q1, q3, p99 = numpy.percentile(values, [1, 25, 75, 99])
    reach = factor * (q3 - q1)
    return [v for v in values if min(p01, q1 - reach) <= v <= max(p99, q3 + reach)]


def vector(name, experiment, control):
    """Everything but the shift. Percentiles are numpy's linear ones: R's type 7."""
    x, y = [[float(f"{v:.6g}") for v in side] for side in (experiment, control)]
    u = stats.mannwhitneyu(x, y, alternative="greater", method="asymptotic")
    means = stats.permutation_test(
        (x, y), lambda a, b: numpy.mean(a) - numpy.mean(b), n_resamples=9999, rng=1,
        alternative="greater", vectorized=False)
    return {
        "name": name,
        "experiment": x,
        "control": y,
        "quantiles": [float(v) for v in numpy.percentile(x, [1, 25, 50, 75, 99])],
        "withoutOutliers": within_fences(x),
        "cles": float(u.statistic) / (len(x) * len(y)),
        "chanceOfMean": float(means.pvalue),
    }


def shifts_from_r(vectors):
    lines = [";".join(",".join(repr(v) for v in one[side]) for side in ("experiment", "control")) for one in vectors]
    said = subprocess.run(
        ["Rscript", "-e", R_PROGRAM], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    for line in said.stdout.splitlines():
        low, high, estimate = (float(word) for word in line.split())
        yield {"low": low, "high": high, "estimate": estimate}


def main():
    vectors = [vector(*case) for case in cases(numpy.random.default_rng(20180410))]
    if shutil.which("Rscript"):
        shifts = list(shifts_from_r(vectors))
    else:
        shifts = [one["shift"] for one in json.loads(FILE.read_text())]
    for one, shift in zip(vectors, shifts, strict=True):
        one["shift"] = shift
    FILE.write_text("[\n" + ",\n".join(json.dumps(one) for one in vectors) + "\n]\n")
    print(f"{len(vectors)} vectors in {FILE.name}")


main()
