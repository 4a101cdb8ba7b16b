"""posesuite/visits/blanks.py: what is left out cannot be computed from what is told."""
import itertools

from posesuite.visits.blanks import blanked, told, told_of_many

import numpy as np
import pytest


@pytest.mark.parametrize('counts, expected', [
    ([20, 9, 7, 30], [1, 1, 1, 1]),
    ([20, 3, 7, 30], [1, 0, 0, 1]),  # else 3 would be the total without the others
    ([20, 3, 2, 30], [1, 0, 0, 1]),
    ([20, 3, 1, 30], [0, 0, 0, 1]),
    ([20, 0, 7, 30], [1, 0, 1, 1]),  # of nobody there is nothing to hide
    ([20, 30, 3, 7], [0, 1, 0, 1]),  # the last one may be today
    ([3, 20], [0, 0]), ([3], [0]), ([], [])])
def test_of_one_total(counts, expected):
    assert told(counts, 5).tolist() == expected
    assert np.isfinite(blanked(counts, 5)).tolist() == expected


def test_of_rows_and_columns():
    random = np.random.RandomState(0)
    for counts in random.poisson(6, (50, 4, 5)):
        shown = told(counts, 5)
        assert not shown[counts < 5].any()
        for part, may_be in itertools.chain(zip(counts, shown), zip(counts.T, shown.T)):
            rest = part[~may_be].sum()
            assert rest == 0 or rest >= 5 or not may_be.any()
            assert (part[~may_be] > 0).sum() != 1 or not may_be.any()


def test_one_visit_is_enough_if_it_is_said_so():
    assert told([1, 0, 3], 1).tolist() == [True, False, True]


def test_of_many_cameras_and_their_sum():
    """Neither a camera's counts, nor the sums of all, nor one of them from the others."""
    random = np.random.RandomState(0)
    hidden = 0
    for counts in random.poisson(3, (40, 5, 3, 6)):
        counts[random.rand(*counts.shape) < 0.3] = 0
        may_be = counts.sum((1, 2)) >= 40
        each, every = told_of_many(counts, 5, may_be)
        assert not each[counts < 5].any() and not every[counts.sum(0) < 5].any()
        assert not each[~may_be].any() and not each[:, ~every].any()
        for axis in range(3):
            lines, shown = (np.moveaxis(values, axis, -1).reshape(-1, counts.shape[axis])
                            for values in (counts, each))
            for line, may_be_shown in zip(lines, shown):
                rest = line[~may_be_shown]
                assert rest.sum() == 0 or not may_be_shown.any() or (
                    rest.sum() >= 5 and (rest > 0).sum() > 1)
        hidden += (each < (counts >= 5)).sum()
    assert hidden > 100
