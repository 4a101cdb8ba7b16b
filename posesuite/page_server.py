"""A server for one of the suite's pages, which prints no traceback for what a client does."""
import logging
import sys
from http.server import ThreadingHTTPServer
from typing import Any

from posesuite.errors import one_line

LOGGER = logging.getLogger(__name__)


class PageServer(ThreadingHTTPServer):
    """A thread for each connection, none of which keeps the program from ending."""
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Logs one line, and nothing where a client hung up or refused the certificate."""
        error = sys.exc_info()[1]
        if isinstance(error, Exception) and not isinstance(error, OSError):
            LOGGER.error('a request failed: %s: %s', type(error).__name__, one_line(error))
