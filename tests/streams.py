"""Streams with faults, made for real, such as an MJPEG server that follows a test's script."""
import contextlib
import http.server
import io
import socket
import subprocess
import threading
import time
from typing import Any, Callable, Iterator, Tuple

import numpy as np
import pytest
from PIL import Image


def picture(shade: int = 0, size: Tuple[int, int] = (320, 240)) -> bytes:
    """A JPEG with details, whose top left corner has the shade 0 to 255. size: width, height."""
    width, height = size
    image = np.random.RandomState(1).randint(0, 255, (height // 20, width // 20, 3), np.uint8)
    image = image.repeat(20, axis=0).repeat(20, axis=1)
    image[:40, :40] = shade
    file = io.BytesIO()
    Image.fromarray(image).save(file, 'JPEG', quality=90)
    return file.getvalue()


@contextlib.contextmanager
def mjpeg_server(script: Callable[[Callable[[bytes], None], int], Any],
                 port: int = 0, boundary: str = 'frame',
                 header: str = 'Content-Type: image/jpeg\r\nContent-Length: {}\r\n'
                 ) -> Iterator[str]:
    """Serves MJPEG over HTTP and yields the URL.

    boundary: as the server announces it. header: of each part; {} is the number of its bytes.

    script(send, connection): called for each connection with its number from 0; send(jpeg) sends a
    frame. The connection is closed when it returns.
    """
    connections = iter(range(1000))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header('Content-Type', f'multipart/x-mixed-replace; boundary={boundary}')
            self.end_headers()
            with contextlib.suppress(OSError):  # the client has disconnected
                script(self.send_frame, next(connections))

        def send_frame(self, jpeg: bytes) -> None:
            self.wfile.write(b'--frame\r\n%s\r\n%s\r\n' % (
                header.format(len(jpeg)).encode(), jpeg))

        def log_message(self, *_: Any) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass

    with Server(('127.0.0.1', port), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f'http://127.0.0.1:{server.server_port}/'
        server.shutdown()


def endless(send: Callable[[bytes], None], _: int) -> None:
    """A script: ten seconds of frames, each different from the one before."""
    for i in range(300):
        send(picture(i % 25 * 10))
        time.sleep(0.03)


@contextlib.contextmanager
def silent_server() -> Iterator[Tuple[str, Callable[[], Any]]]:
    """Accepts connections and never answers.

    Yields the URL and a function that waits for a connection.
    """
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        server.listen(5)
        server.settimeout(30)
        yield f'http://127.0.0.1:{server.getsockname()[1]}/', server.accept


RTSP_SERVER = """
import sys
import gi
gi.require_version('GstRtspServer', '1.0')
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
missing = [name for name in ('videotestsrc', 'x264enc', 'rtph264pay', 'rtpbin', 'udpsink')
           if Gst.ElementFactory.find(name) is None]
if missing:
    sys.exit('GStreamer lacks ' + ', '.join(missing))
server = GstRtspServer.RTSPServer(service=sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory(shared=True)
# A corner of its picture is noise, so no frame is like another.
factory.set_launch('( videotestsrc is-live=true ! x264enc tune=zerolatency key-int-max=15 '
                   '! rtph264pay name=pay0 )')
server.get_mount_points().add_factory('/cam', factory)
server.attach(None)
print('ready', flush=True)
GLib.MainLoop().run()
"""


@contextlib.contextmanager
def rtsp_server(port: int) -> Iterator[None]:
    """Serves rtsp://127.0.0.1:port/cam in H.264; the test is skipped where
    GStreamer is missing."""
    with subprocess.Popen(['/usr/bin/python3', '-c', RTSP_SERVER, str(port)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        try:
            if server.stdout.readline() != b'ready\n':
                lines = server.stderr.read().decode().splitlines()
                pytest.skip(f'no RTSP server: {lines[-1] if lines else "it did not start"}')
            yield
        finally:
            server.kill()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        return server.getsockname()[1]
