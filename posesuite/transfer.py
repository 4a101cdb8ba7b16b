"""Downloads one file whose size and SHA-256 may be known.

A file grows beside its place as `.part`, is checked and then renamed, so that it is never there in
half. A download that broke is resumed by the next one.
"""
import contextlib
import http.client
import os
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from typing import IO, Any, Iterator, Optional

from posesuite.errors import one_line
from posesuite.files import sha256_of

try:
    import fcntl
except ImportError:  # Windows, where two downloads of one file at once are not prevented
    fcntl = None  # type: ignore[assignment]

TIMEOUT = 5.0    # seconds for a connection, for an answer, and for each BLOCK
BLOCK = 1 << 14  # bytes that are read at once
# glibc's resolver by default waits 10 seconds for each name server that is silent.
RESOLVER = 'timeout:3 attempts:1'


class DownloadError(OSError):
    """A file could not be downloaded; the message is one line."""


class HostError(DownloadError):
    """The host or the network failed, so that other files from there would fail as well."""


def download(url: str, path: str, sha256: Optional[str] = None, size: int = 0,
             timeout: float = TIMEOUT) -> None:
    """Downloads `url` to `path`, which then holds the whole file, or is as it was before.

    sha256: in hexadecimal. Without it, a file that is there is downloaded again, from its start.
    size: in bytes; 0 if it is unknown.
    timeout: seconds for a connection, for an answer, and for each BLOCK.
    Raises DownloadError, HostError, or another OSError if the file cannot be written.
    """
    if sha256 and sha256_of(path) == sha256:
        return
    os.environ.setdefault('RES_OPTIONS', RESOLVER)
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path + '.part', 'ab') as part:
        _lock(part)
        try:
            _fill(part, url, sha256, size, timeout)
        except DownloadError:
            if not _length(part):
                os.remove(part.name)
            raise
        os.fsync(part)
        if os.name == 'nt':
            part.close()  # Windows renames no open file
        os.replace(part.name, path)


def _length(part: IO[bytes]) -> int:
    return os.fstat(part.fileno()).st_size


def _lock(part: IO[bytes]) -> None:
    """Raises DownloadError while another process downloads the same file."""
    if fcntl is None:
        return
    with contextlib.suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samefile(part.fileno(), part.name):  # else the other one has just renamed it
            return
    raise DownloadError(f'{part.name} is being written by another download')


def _fill(part: IO[bytes], url: str, sha256: Optional[str], size: int, timeout: float) -> None:
    """Completes the open file `part`; if the result is not what is listed, once from its start."""
    if not sha256 or size and _length(part) > size:
        part.truncate(0)
    actual = sha256_of(part.name)
    while actual != sha256:
        resumed = _length(part)
        broken = _append(part, url, size, timeout)
        actual = sha256_of(part.name)
        if actual == sha256 or not (sha256 or broken):
            return
        if broken:
            raise DownloadError(broken)
        part.truncate(0)
        if not resumed:
            raise DownloadError(f'the downloaded file has the SHA-256 {actual}, expected {sha256}')


def _append(part: IO[bytes], url: str, size: int, timeout: float) -> str:
    """Appends what `part` lacks of `url`; leaves it empty if the server cannot resume there.

    Returns '', or how the transfer broke off.
    """
    received = _length(part)
    request = urllib.request.Request(url, headers={'User-Agent': 'edge-tpu-pose-suite'})
    if received:
        request.add_header('Range', f'bytes={received}-')
    with _opened(request, timeout) as response:
        if 'text/html' in response.headers.get('Content-Type', '') and response.status != 416:
            raise HostError(f'{request.host} answers with a web page: does the network want a '
                            'login?')
        if response.status == 200:  # also the answer to a Range where the server knows none
            part.truncate(0)
            received = 0
        elif not response.headers.get('Content-Range', '').startswith(f'bytes {received}-'):
            part.truncate(0)
            return ''
        length = response.headers.get('Content-Length', '')
        expected = received + int(length) if length.isdigit() else size
        try:
            for block in _blocks(response, request.host, timeout):
                received += part.write(block)
                if size and received > size:
                    expected = received
                    break  # a longer file has another hash
                _show(os.path.basename(url), received, expected)
        finally:
            _show('', 0, 0)
            part.flush()
    if received < expected:
        return f'the connection ended after {received} of {expected} bytes'
    return ''


@contextlib.contextmanager
def _opened(request: urllib.request.Request, timeout: float) -> Iterator[Any]:
    """The response to a request, which is 200, 206 or 416."""
    try:
        response: Any = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        response = error
    except (OSError, http.client.HTTPException) as error:
        raise _host_error(error, request.host, timeout)
    with contextlib.closing(response):
        if response.status not in (200, 206, 416):
            error_type = DownloadError if response.status in (404, 410) else HostError
            raise error_type(f'{request.host} answers {response.status} {response.reason}')
        yield response


def _blocks(response: Any, host: str, timeout: float) -> Iterator[bytes]:
    """A response's body. Raises HostError if the server needs more than `timeout` seconds for a
    BLOCK, be it silent or slow.
    """
    deadline, pending = time.monotonic() + timeout, BLOCK
    while True:
        try:
            data = response.read1(BLOCK)
        except (OSError, http.client.HTTPException) as error:
            raise _host_error(error, host, timeout)
        if not data:
            return
        yield data
        pending -= len(data)
        if pending <= 0:
            deadline, pending = time.monotonic() + timeout, BLOCK
        elif time.monotonic() > deadline:
            raise _host_error(socket.timeout(), host, timeout)


def _host_error(error: Exception, host: str, timeout: float) -> HostError:
    """What went wrong on the way to a host, in one line."""
    reason = getattr(error, 'reason', error)
    if isinstance(reason, socket.timeout):
        return HostError(f'{host} does not answer within {timeout:g} s')
    text = one_line(reason) or type(reason).__name__
    if 'CERTIFICATE_VERIFY_FAILED' in text:
        text += ' (is the clock right, and ca-certificates installed?)'
    return HostError(f'the connection to {host} fails: {text}')


def _show(name: str, received: int, size: int) -> None:
    """Draws a progress bar on a terminal, or removes it if there is no name."""
    if sys.stderr.isatty():
        done = received / max(size, received, 1)
        text = f'{100 * done:3.0f}% [{"#" * int(20 * done):20}] {received / 1e6:.1f} MB  {name}'
        text = text[:shutil.get_terminal_size().columns - 1] if name else ''
        print(f'\r\033[K{text}', end='', file=sys.stderr, flush=True)
