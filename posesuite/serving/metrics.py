"""What Prometheus reads of a server."""
from typing import Any, Callable

from posesuite import __version__

import prometheus_client
from prometheus_client import Counter, Gauge, Histogram

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST
# Upper ends in seconds: of a network on an Edge TPU up to one on a slow CPU, and of waiting.
SECONDS = 0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.0, 10.0, 30.0


class Metrics:
    """Counters of one server.

    engine: a PoseEngine. waiting, open: the numbers of pictures that wait, and of connections.
    """

    def __init__(self, engine: Any, waiting: Callable[[], int], open: Callable[[], int]) -> None:
        self._registry = registry = prometheus_client.CollectorRegistry()
        for collector in prometheus_client.ProcessCollector, prometheus_client.PlatformCollector:
            collector(registry=registry)
        info = Gauge('pose_server_info', 'The engine; always 1.',
                     ['version', 'family', 'device'], registry=registry)
        info.labels(__version__, engine.family, engine.device).set(1)
        Gauge('pose_server_waiting_pictures', 'Pictures that wait for their turn.',
              registry=registry).set_function(waiting)
        Gauge('pose_server_connections', 'Open connections.',
              registry=registry).set_function(open)
        self._requests = Counter('pose_server_requests', 'Answers by path and status.',
                                 ['path', 'status'], registry=registry)
        self._pictures = Counter('pose_server_pictures', 'Pictures that the network looked at.',
                                 registry=registry)
        self._poses = Counter('pose_server_poses', 'Poses in them.', registry=registry)
        self._waited = Histogram('pose_server_wait_seconds', 'Until a picture has its turn.',
                                 buckets=SECONDS, registry=registry)
        self._network = Histogram('pose_server_network_seconds',
                                  'What the network and its decoder take for a picture.',
                                  buckets=SECONDS, registry=registry)

    def answered(self, path: str, status: str) -> None:
        self._requests.labels(path, status).inc()

    def looked_at(self, poses: int, waited: float, network: float) -> None:
        self._pictures.inc()
        self._poses.inc(poses)
        self._waited.observe(waited)
        self._network.observe(network)

    def text(self) -> bytes:
        """In Prometheus's format."""
        return prometheus_client.generate_latest(self._registry)
