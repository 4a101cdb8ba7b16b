"""The figures of --stats."""
import re
import time

from posesuite.display.latency import Latency


def test_no_frames_no_figures():
    latency = Latency()
    assert (latency.rate(), latency.summary()) == (0.0, '')
    latency.add(time.monotonic())
    assert latency.rate() == 0.0


def test_the_summary_has_percentiles_and_the_rate(monkeypatch):
    latency, now = Latency(), 100.0
    monkeypatch.setattr(time, 'monotonic', lambda: now)
    for i in range(101):
        now += 0.1
        latency.add(now - i / 1000)
    assert abs(latency.rate() - 10) < 1e-6
    p50, p95, frames, rate = re.match(
        r'from capture to display: p50 ([\d.]+) ms, p95 ([\d.]+) ms; (\d+) frames, '
        r'([\d.]+) a second$', latency.summary()).groups()
    assert (p50, p95, frames, rate) == ('50.0', '95.0', '101', '10.00')
