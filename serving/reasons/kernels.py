"""How can the exact share of every input in every account's score be had by looking it up?

Shapley values of trees (Lundberg 2020, path-dependent) are sums over leaves. The contribution
of input j to a leaf of value v is

    (o_j - z_j) * v * integral over t in 0..1 of the product over i != j of z_i (1 - t) + o_i t

with o = 1 where the row agrees with what the leaf asks of an input, and z the share of rows
that do. It depends on the row by its pattern alone: for three inputs, one of eight. So it is
tabulated once for all patterns, and a row costs one look-up per leaf and input. The integrand
is a polynomial, which Gauss and Legendre's rule integrates exactly; leaves with too many inputs
for a table are integrated row by row.
"""

import numpy as np

from serving.reasons.patterns import MOST_SPLITS, Bits, Patterns
from training.engine.compiled import compiled
from training.engine.periods import Floats, Ints

ROWS_AT_ONCE = 256
# What LightGBM takes for zero.
_ZERO = 1e-35


def _quadrature() -> tuple[Floats, Floats]:
    """Points and weights on 0..1; row q integrates polynomials up to degree 2 q - 1."""
    most = MOST_SPLITS // 2
    points, weights = np.zeros((most + 1, most)), np.zeros((most + 1, most))
    for count in range(1, most + 1):
        point, weight = np.polynomial.legendre.leggauss(count)
        points[count, :count], weights[count, :count] = (point + 1) / 2, weight / 2
    return points, weights


POINTS, WEIGHTS = _quadrature()


@compiled
def tabulate(patterns: Patterns) -> Floats:
    """Contributions of each leaf to each of its inputs, for every pattern.

    The patterns of a leaf are numbered by their bits: bit j is set where input j agrees.
    """
    table = np.empty(patterns.cells)
    for leaf in range(len(patterns.value)):
        if patterns.first_cell[leaf] < 0:
            continue
        first = patterns.first_condition[leaf]
        width = patterns.first_condition[leaf + 1] - first
        cover = patterns.cover[first : first + width]
        for pattern in range(1 << width):
            for j in range(width):
                cell = patterns.first_cell[leaf] + (j << width) + pattern
                table[cell] = patterns.value[leaf] * _share(cover, pattern, j)
    return table


@compiled
def _share(cover: Floats, pattern: int, j: int) -> float:
    """The part of a leaf of value 1 that is due to its input j."""
    count = (len(cover) + 1) // 2
    whole = 0.0
    for k in range(count):
        t = POINTS[count, k]
        product = WEIGHTS[count, k]
        for i in range(len(cover)):
            if i != j:
                product *= cover[i] * (1 - t) + t * ((pattern >> i) & 1)
        whole += product
    share: float = whole * (((pattern >> j) & 1) - cover[j])
    return share


@compiled
def contribute(patterns: Patterns, table: Floats, values: Floats) -> Floats:
    """Contributions of the inputs that are split on, one row per row of values."""
    out = np.empty((len(values), len(patterns.inputs)))
    columns = np.empty((len(patterns.inputs), ROWS_AT_ONCE))
    went_left = np.empty(ROWS_AT_ONCE, np.uint64)
    pattern = np.empty(ROWS_AT_ONCE, np.int64)
    for start in range(0, len(values), ROWS_AT_ONCE):
        rows = min(ROWS_AT_ONCE, len(values) - start)
        sums = np.zeros((len(patterns.inputs), ROWS_AT_ONCE))
        for place in range(len(patterns.inputs)):
            columns[place, :rows] = values[start : start + rows, patterns.inputs[place]]
        for tree in range(len(patterns.first_leaf) - 1):
            _walk(patterns, tree, columns, went_left)
            for leaf in range(patterns.first_leaf[tree], patterns.first_leaf[tree + 1]):
                _read_patterns(patterns, leaf, went_left, pattern)
                if patterns.first_cell[leaf] >= 0:
                    _look_up(patterns, leaf, table, pattern, sums)
                else:
                    _integrate(patterns, leaf, pattern, sums)
        out[start : start + rows] = sums[:, :rows].T
    return out


@compiled
def _walk(patterns: Patterns, tree: int, columns: Floats, went_left: Bits) -> None:
    """Note at which splits of a tree each row would go left, as LightGBM decides it."""
    went_left[:] = 0
    first = patterns.first_split[tree]
    for split in range(first, patterns.first_split[tree + 1]):
        value = columns[patterns.split_input[split]]
        threshold = patterns.threshold[split]
        absent_left, zero_too = patterns.absent_left[split], patterns.absent_is_zero[split]
        bit = np.uint64(1) << np.uint64(split - first)
        for row in range(ROWS_AT_ONCE):
            x = value[row]
            left = absent_left if np.isnan(x) else x <= threshold
            if zero_too and abs(x) <= _ZERO:
                left = absent_left
            went_left[row] |= bit if left else np.uint64(0)


@compiled
def _read_patterns(patterns: Patterns, leaf: int, went_left: Bits, pattern: Ints) -> None:
    """Note which of the leaf's conditions each row agrees with."""
    pattern[:] = 0
    first = patterns.first_condition[leaf]
    for condition in range(first, patterns.first_condition[leaf + 1]):
        splits, goes_left = patterns.splits[condition], patterns.goes_left[condition]
        bit = np.int64(1) << np.int64(condition - first)
        for row in range(ROWS_AT_ONCE):
            agrees = (went_left[row] & splits) == goes_left
            pattern[row] |= bit if agrees else np.int64(0)


@compiled
def _look_up(patterns: Patterns, leaf: int, table: Floats, pattern: Ints, sums: Floats) -> None:
    first = patterns.first_condition[leaf]
    width = patterns.first_condition[leaf + 1] - first
    for j in range(width):
        start = patterns.first_cell[leaf] + (j << width)
        cells = table[start : start + (1 << width)]
        sum_of = sums[patterns.condition_input[first + j]]
        for row in range(ROWS_AT_ONCE):
            sum_of[row] += cells[pattern[row]]


@compiled
def _integrate(
    patterns: Patterns,
    leaf: int,
    pattern: Ints,
    sums: Floats,
) -> None:
    first = patterns.first_condition[leaf]
    width = patterns.first_condition[leaf + 1] - first
    count = (width + 1) // 2
    product = np.empty(ROWS_AT_ONCE)
    for k in range(count):
        t = POINTS[count, k]
        product[:] = WEIGHTS[count, k] * patterns.value[leaf]
        for j in range(width):
            apart = patterns.cover[first + j] * (1 - t)
            for row in range(ROWS_AT_ONCE):
                product[row] *= apart + t if (pattern[row] >> j) & 1 else apart
        for j in range(width):
            cover = patterns.cover[first + j]
            apart = cover * (1 - t)
            agrees, differs = (1 - cover) / (apart + t), -cover / apart
            sum_of = sums[patterns.condition_input[first + j]]
            for row in range(ROWS_AT_ONCE):
                sum_of[row] += product[row] * (agrees if (pattern[row] >> j) & 1 else differs)
