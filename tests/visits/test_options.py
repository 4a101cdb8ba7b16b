"""posesuite/visits/options.py: types of options."""
import argparse

from posesuite.visits.options import keep_days, local_date

import pytest


@pytest.mark.parametrize('text, days', [('30d', 30), ('12h', 0.5), ('1d', 1)])
def test_keep_days(text, days):
    assert keep_days(text) == days


@pytest.mark.parametrize('text', ['', '30', '0d', '-1d', '1.5d', '999999d', 'd'])
def test_keep_days_refuses(text):
    with pytest.raises(argparse.ArgumentTypeError, match='30d'):
        keep_days(text)


def test_local_date():
    date = local_date('2025-05-01T14:30')
    assert (date.month, date.hour, date.minute) == (5, 14, 30)
    assert date.utcoffset() is not None
    for text in ('yesterday', '2025-13-01', ''):
        with pytest.raises(argparse.ArgumentTypeError, match='2025-05-01'):
            local_date(text)
