"""An engine behind an address: HTTP, a queue in fair turns, limits, metrics."""
from posesuite.serving.options import add_server_options
from posesuite.serving.server import PoseServer

__all__ = ['PoseServer', 'add_server_options']
