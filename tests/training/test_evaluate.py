"""How poses are compared."""
import numpy as np
import pytest


def test_poses_are_counted_by_how_well_they_fit():
    """The better of two poses takes the person; the other one is unmatched."""
    pytest.importorskip('tqdm')
    from training.evaluate import Found, Tally, oks
    points = np.random.default_rng(0).uniform(50, 250, (17, 2))
    person = Found(points, np.ones(17), 1.)
    shifted = [Found(points + shift, np.ones(17), .5) for shift in (0, 10, 16, 24, 34, 80)]
    fits = [oks(pose, person) for pose in shifted]
    assert fits[0] == 1
    assert fits == sorted(fits, reverse=True)
    tally = Tally()
    for pose in shifted:
        tally.add('', np.zeros((300, 300, 3), np.uint8), [pose, shifted[-1]], [person], False)
    result = tally.result()
    assert result['reference_poses'] == len(shifted)
    assert result['found_by_oks'] == {str(least): sum(fit > least for fit in fits)
                                      for least in (.1, .3, .5, .75)}
    assert len(set(result['found_by_oks'].values())) == 4
    assert result['found'] == result['found_by_oks']['0.5']
    assert result['unmatched_a_picture'] == round(2 - result['found'] / len(shifted), 3)
