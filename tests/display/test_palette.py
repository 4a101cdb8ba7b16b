"""Colours of people."""
from posesuite.display.palette import COLORS, Palette


def test_people_keep_their_colours():
    palette = Palette()
    first = palette.update([1, 8, 15])
    assert len(set(first.values())) == 3
    assert palette.update([8, 22, 15, 1]).items() >= first.items()
    assert palette.update([15]) == {15: first[15]}


def test_somebody_who_was_hidden_gets_the_same_colour():
    palette = Palette()
    first = palette.update([1, 2])
    palette.update([2])
    palette.update([2, 3])
    assert palette.update([1, 2, 3])[1] == first[1]


def test_nobody_shares_a_colour_while_one_is_free():
    palette = Palette()
    for ids in (range(1, 4), range(3, 9), range(5, 15), range(8, 15), (1, 8, 14), range(20, 30),
                (20, 27, 28, 29), (40, 20), (27, 28)):
        colors = palette.update(ids)
        assert sorted(colors) == sorted(ids)
        assert len(set(colors.values())) == min(len(colors), len(COLORS))


def test_a_newcomer_gets_the_colour_unused_for_longest():
    palette = Palette()
    used = [palette.update([id])[id] for id in range(1, 22)]
    assert used == list(COLORS) * 3
    assert len(COLORS) == 7


def test_many_people_over_a_long_time_are_no_burden():
    palette = Palette()
    for id in range(10000):
        palette.update([id, id + 1, id + 2])
    assert len(set(palette.update(range(3)).values())) == 3
