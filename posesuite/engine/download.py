"""Downloads the model files that SHA256SUMS lists under mobilenet/ and that are missing or damaged.

A file is written beside its place (.part), checked by its hash and renamed; a broken download is
resumed by the next run. A host that does not answer is given up within 10 seconds, once.

    python3 models/download.py

Exit status: 0 when every file is here, 3 when one is missing, 2 for wrong usage.
"""
import argparse
import contextlib
import fcntl
import hashlib
import os
import queue
import re
import shutil
import sys
import threading
import urllib.error
import urllib.request
from typing import Any, Dict, Iterator, Optional

BASE_URL = ('https://github.com/google-coral/project-posenet/raw/'
            '37cfb84eaff9fa7a02bbc8b60a36d6d422859c5f/models')
MODELS_DIR = os.path.dirname(os.path.abspath(__file__))
TIMEOUT = 8.0    # seconds for an answer, and then for each BLOCK
BLOCK = 1 << 14  # bytes


class DownloadError(OSError):
    """This file cannot be had; the message is one line."""


class HostError(DownloadError):
    """The host or the network fails, so asking it for another file is no use."""


def download(url: str, path: str, sha256: Optional[str] = None, timeout: float = TIMEOUT) -> None:
    """Downloads `url` to `path`, which then holds the whole file or is as it was before.

    It grows in `path` + '.part'. Only with its SHA-256 in hexadecimal is a file recognised as being
    here already, or resumed. timeout: seconds for an answer, and for each BLOCK.
    Raises DownloadError, HostError, or another OSError if the file cannot be written.
    """
    if sha256 and sha256_of(path) == sha256:
        return
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    with open(path + '.part', 'ab') as part:
        alone = False
        with contextlib.suppress(BlockingIOError, FileNotFoundError):
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = os.path.samefile(part.fileno(), part.name)  # else it was renamed just now
        if not alone:
            raise DownloadError(f'{part.name} is being written by another download')
        if not sha256:
            part.truncate(0)
        actual = sha256_of(part.name)
        try:
            while actual != sha256:
                resumed = os.fstat(part.fileno()).st_size
                actual = _fetch(url, part, sha256, timeout)
                sha256 = sha256 or actual
                if not actual or actual != sha256:
                    part.truncate(0)  # A stale beginning is begun anew, once.
                    if not resumed:
                        raise DownloadError(f'what came has the SHA-256 {actual}, not {sha256}')
        except DownloadError:
            if not os.fstat(part.fileno()).st_size:
                os.remove(part.name)
            raise
        os.fsync(part)
        os.replace(part.name, path)
    directory = os.open(folder, os.O_RDONLY)
    os.fsync(directory)  # only with this does the rename outlive a power loss
    os.close(directory)


def sha256_of(path: str) -> str:
    """Returns a file's SHA-256 in hexadecimal, '' where there is no file."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), open(path, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()
    return ''


def _fetch(url: str, part: Any, sha256: Optional[str], timeout: float) -> str:
    """Appends what is missing of `url` to the open file `part`; returns its hash, or ''."""
    start = os.fstat(part.fileno()).st_size
    request = urllib.request.Request(url, headers={'User-Agent': 'edge-tpu-pose-suite'})
    if start:
        request.add_header('Range', f'bytes={start}-')
    blocks = _receive(request, timeout)
    response = next(blocks)
    if response.status not in (200, 206, 416):
        error = DownloadError if response.status in (404, 410) else HostError
        raise error(f'{request.host} answers {response.status} {response.reason}')
    if response.status != 416 and 'text/html' in response.headers.get('Content-Type', ''):
        raise HostError(f'{request.host} answers with a web page: does the network want a login?')
    if response.status == 200:  # even to a Range, where the server knows none
        part.truncate(0)
        start = 0
    elif not response.headers.get('Content-Range', '').startswith(f'bytes {start}-'):
        return ''
    length = response.headers.get('Content-Length', '')
    received, size = start, start + int(length) if length.isdigit() else 0
    try:
        for block in blocks:
            received += part.write(block)
            _show(os.path.basename(url), received, size)
    finally:
        _show('', 0, 0)
        part.flush()
    actual = sha256_of(part.name)
    if received < size and actual != sha256:  # The hash decides, not the length that is claimed.
        raise DownloadError(f'the connection ended after {received} of {size} bytes')
    return actual


def _receive(request: urllib.request.Request, timeout: float) -> Iterator[Any]:
    """Yields the response, be it an HTTPError, and then its body's blocks.

    A thread does the work, and is left behind when it hangs: a socket's timeout holds for each step
    to an answer alone, for a name lookup not at all, and never for a trickle.
    """
    items: queue.Queue[Any] = queue.Queue(16)

    def work() -> None:
        try:
            # Twice the time, so that the queue's limit is the one that is met.
            with urllib.request.urlopen(request, timeout=2 * timeout) as response:
                items.put(response)
                for block in iter(lambda: response.read(BLOCK), b''):
                    items.put(block)
            items.put(b'')
        except Exception as error:  # whatever it is, the other thread is to say it
            items.put(error)

    threading.Thread(target=work, daemon=True).start()
    item = None
    while item != b'':
        try:
            item = items.get(timeout=timeout)
        except queue.Empty:
            raise HostError(f'{request.host} does not answer within {timeout:g} s')
        if isinstance(item, Exception) and not isinstance(item, urllib.error.HTTPError):
            text = ' '.join(str(item).split()) or type(item).__name__
            if 'CERTIFICATE_VERIFY_FAILED' in text:
                text += ' (is the clock right, and ca-certificates installed?)'
            raise HostError(f'the connection to {request.host} fails: {text}')
        yield item


def _show(name: str, received: int, size: int) -> None:
    """Draws a progress bar on a terminal, or takes it away where there is no name."""
    if sys.stderr.isatty():
        done = received / max(size, received, 1)
        text = f'{100 * done:3.0f}% [{"#" * int(20 * done):20}] {received / 1e6:.1f} MB  {name}'
        text = text[:shutil.get_terminal_size().columns - 1] if name else ''
        print(f'\r\033[K{text}', end='', file=sys.stderr, flush=True)


def listed_files() -> Dict[str, str]:
    """Returns the names under mobilenet/ in SHA256SUMS with their hashes."""
    with open(os.path.join(MODELS_DIR, 'SHA256SUMS'), encoding='utf-8') as file:
        return {name: digest for digest, name in map(str.split, file)
                if name.startswith('mobilenet/')}


def main() -> int:
    """Downloads what is missing; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--base-url', default=BASE_URL, metavar='URL',
                        help='where mobilenet/ is (default: %(default)s)')
    base_url = parser.parse_args().base_url.rstrip('/')
    if not re.match('https?://[^/]', base_url):
        parser.error(f'--base-url {base_url}: expected http://… or https://…')
    files = listed_files()
    missing = [name for name in files if sha256_of(f'{MODELS_DIR}/{name}') != files[name]]
    if not missing:
        print(f'all {len(files)} model files are here', file=sys.stderr)
    for name in missing[:]:
        try:
            download(f'{base_url}/{name}', f'{MODELS_DIR}/{name}', files[name])
        except OSError as error:
            print(f'error: {name}: {error}', file=sys.stderr)
            if isinstance(error, HostError):
                break
        else:
            print(f'{name}: checked and in place', file=sys.stderr)
            missing.remove(name)
    if missing:
        print(f'missing: {len(missing)} of {len(files)} model files; get them with: '
              'python3 models/download.py', file=sys.stderr)
    return 3 if missing else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print('\nstopped; the next run goes on from here', file=sys.stderr)
        sys.exit(130)
