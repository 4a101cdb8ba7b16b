"""How long frames take from capture to display, and how many are shown per second."""
import time
from collections import deque

import numpy as np

MAX_FRAMES = 10000  # latest frames that the summary covers


class Latency:
    """Measures the latency of the latest frames."""

    def __init__(self) -> None:
        self._latencies = deque(maxlen=MAX_FRAMES)  # seconds
        self._shown = deque(maxlen=MAX_FRAMES)  # monotonic seconds

    def add(self, captured: float) -> None:
        """Counts a frame that is on display now; captured: monotonic seconds."""
        self._shown.append(time.monotonic())
        self._latencies.append(self._shown[-1] - captured)

    def rate(self, frames: int = 30) -> float:
        """Frames shown per second, over the latest ones; 0 before the second frame."""
        count = min(frames, len(self._shown) - 1)
        if count < 1:
            return 0.0
        return count / max(1e-6, self._shown[-1] - self._shown[-1 - count])

    def summary(self) -> str:
        """A line with the median and the 95th percentile; '' if no frame was shown."""
        if not self._latencies:
            return ''
        p50, p95 = np.percentile(self._latencies, [50, 95]) * 1000
        return (f'from capture to display: p50 {p50:.1f} ms, p95 {p95:.1f} ms; '
                f'{len(self._latencies)} frames, {self.rate(MAX_FRAMES):.2f} a second')
