"""posesuite/arguments.py: types of command-line arguments."""
import argparse

from posesuite.arguments import between, positive

import pytest


def test_positive():
    assert positive('5') == 5
    for text in ('0', '-1', '1.5', '01', '1' * 10, 'five', ''):
        with pytest.raises(argparse.ArgumentTypeError, match='whole number from 1'):
            positive(text)


def test_between():
    number = between(0, 0.5)
    assert [number(text) for text in ('0', '0.25', '5e-1')] == [0, 0.25, 0.5]
    for text in ('-0.1', '0.6', 'nan', 'inf', 'half', ''):
        with pytest.raises(argparse.ArgumentTypeError, match=f"must be 0 to 0.5, got '{text}'"):
            number(text)
