"""Downloads the model files that SHA256SUMS lists under mobilenet/ and that are missing or damaged.

Each file is written beside its place (.part), checked by its hash and renamed; a broken download is
resumed by the next run. A host that does not answer is given up within 10 seconds, once.

    python3 models/download.py

Exit status: 0 when every file is here, 3 when one is missing, 2 for wrong usage.
"""
import argparse
import fcntl
import hashlib
import http.client
import os
import queue
import shutil
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import Any, Dict, Optional

BASE_URL = ('https://github.com/google-coral/project-posenet/raw/'
            '37cfb84eaff9fa7a02bbc8b60a36d6d422859c5f/models')
MODELS_DIR = os.path.dirname(os.path.abspath(__file__))
TIMEOUT = 8.0           # seconds for an answer, and for each MIN_BYTES of a file
MIN_BYTES = 1024
MAX_BYTES = 256 << 20   # more than any file of ours: whoever sends more sends something else


class DownloadError(OSError):
    """This file cannot be had; the message is one line."""


class HostError(DownloadError):
    """The host or the network fails, so asking it for another file is no use."""


class DamagedError(DownloadError):
    """What came is not the file that was asked for; nothing of it is kept."""


def sha256_of(path: str) -> Optional[str]:
    """Returns a file's SHA-256 in hexadecimal, None where there is no file."""
    digest = hashlib.sha256()
    try:
        with open(path, 'rb') as file:
            for block in iter(lambda: file.read(1 << 16), b''):
                digest.update(block)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return digest.hexdigest()


def download(url: str, path: str, sha256: Optional[str] = None, timeout: float = TIMEOUT) -> None:
    """Downloads `url` to `path`, which then holds the whole file or is as it was before.

    Args:
      url: http or https; proxies are taken from the environment.
      path: its folder is made where it is missing. The download grows in `path` + '.part'.
      sha256: the file's hash in hexadecimal. Only with it is a file recognised as being here
        already, and a `.part` resumed: without it nothing could tell that they are the right ones.
      timeout: seconds for the answer, and for a transfer that stands still.

    Raises:
      DownloadError: the file cannot be had; HostError if others from there cannot either.
      OSError: the file cannot be written.
    """
    if sha256 and sha256_of(path) == sha256:
        return
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    part_path = path + '.part'
    with open(part_path, 'ab') as part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The one who held the lock may have renamed this very file to its final name.
            alone = os.path.samestat(os.fstat(part.fileno()), os.stat(part_path))
        except (BlockingIOError, FileNotFoundError):
            alone = False
        if not alone:
            raise DownloadError(f'{part_path} is being written by another download')
        if not sha256:
            part.truncate(0)
        try:
            if not (sha256 and sha256_of(part_path) == sha256):
                resumed = os.fstat(part.fileno()).st_size > 0
                try:
                    _fetch(url, part, sha256, timeout)
                except DamagedError:
                    if not resumed:
                        raise
                    part.truncate(0)  # The beginning was stale, or cannot be gone on with.
                    _fetch(url, part, sha256, timeout)
            os.fsync(part.fileno())
            os.replace(part_path, path)
        except DamagedError:
            os.remove(part_path)
            raise
        except DownloadError:
            if not os.fstat(part.fileno()).st_size:
                os.remove(part_path)
            raise
    folder = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY)
    try:
        os.fsync(folder)  # The rename itself outlives a power loss only with this.
    finally:
        os.close(folder)


def _fetch(url: str, part: Any, sha256: Optional[str], timeout: float) -> None:
    """Appends to the open file `part` what is missing of `url`, and checks the whole."""
    start = os.fstat(part.fileno()).st_size
    headers = {'User-Agent': 'edge-tpu-pose-suite', 'Accept-Encoding': 'identity'}
    if start:
        headers['Range'] = f'bytes={start}-'
    with _open(urllib.request.Request(url, headers=headers), timeout) as response:
        if 'text/html' in response.headers.get('Content-Type', ''):
            raise HostError(f'{_host(url)} answers with a web page instead of the file (does this '
                            'network ask for a login?)')
        if response.status == 206:
            content_range = response.headers.get('Content-Range', '')
            if not content_range.startswith(f'bytes {start}-'):
                raise DamagedError(f'asked for the bytes from {start}, got {content_range!r}')
        elif start:
            part.truncate(0)  # The server knows no ranges and sends the whole file.
            start = 0
        length = response.headers.get('Content-Length', '')
        size = start + int(length) if length.isdigit() else None
        received = _copy(response, part, start, size, _host(url), timeout)
    part.flush()
    if sha256:
        # The hash decides, not the length that the server claims.
        actual = sha256_of(part.name)
        if actual == sha256:
            return
    if size is not None and received < size:
        raise DownloadError(f'the connection ended after {received} of {size} bytes')
    if sha256:
        raise DamagedError(f'what came has the SHA-256 {actual}, expected {sha256}')


def _copy(response: Any, part: Any, received: int, size: Optional[int], host: str,
          timeout: float) -> int:
    """Copies the body to `part`; returns the bytes that `part` has then."""
    bar = _ProgressBar(os.path.basename(part.name)[:-len('.part')], size)
    try:
        deadline, due = time.monotonic() + timeout, received + MIN_BYTES
        while True:
            try:
                block = response.read1(1 << 16)
            except http.client.IncompleteRead as error:
                block = error.partial
            except (OSError, http.client.HTTPException) as error:
                raise HostError(f'{host} stopped sending after {received} bytes: {_reason(error)}')
            if not block:
                return received
            part.write(block)
            received += len(block)
            bar.show(received)
            if received > MAX_BYTES:
                raise DamagedError(f'{host} sends more than {MAX_BYTES} bytes')
            if received >= due:
                deadline, due = time.monotonic() + timeout, received + MIN_BYTES
            elif time.monotonic() > deadline:
                raise HostError(f'{host} sends less than {MIN_BYTES} bytes in {timeout:g} s')
    finally:
        bar.clear()


def _open(request: urllib.request.Request, timeout: float) -> Any:
    """Opens a request within `timeout` seconds: looking the name up, proxy, TLS and redirects too.

    A socket's timeout holds for each of those steps alone and for a name lookup not at all, so
    they are left to a thread, which is left behind when it hangs.
    """
    answers: queue.Queue[Any] = queue.Queue()

    def work() -> None:
        try:
            answers.put(urllib.request.urlopen(request, timeout=timeout))
        except (OSError, http.client.HTTPException, ValueError) as error:
            answers.put(error)

    threading.Thread(target=work, daemon=True).start()
    host = _host(request.full_url)
    try:
        answer = answers.get(timeout=timeout)
    except queue.Empty:
        raise HostError(f'{host} does not answer within {timeout:g} s')
    if isinstance(answer, urllib.error.HTTPError):
        answer.close()
        text = f'{host} answers {answer.code} {answer.reason}'
        if answer.code == 416:  # There is nothing after the .part, and yet its hash is wrong.
            raise DamagedError(text)
        if answer.code in (404, 410):
            raise DownloadError(text)
        raise HostError(text)
    if isinstance(answer, Exception):
        raise HostError(f'{host} cannot be reached: {_reason(answer)}')
    return answer


def _host(url: str) -> str:
    return urllib.request.Request(url).host


def _reason(error: Exception) -> str:
    """Returns one line for an error, with the cure where the cause is known."""
    reason = getattr(error, 'reason', error)
    text = ' '.join(str(reason).split()) or type(reason).__name__
    if 'CERTIFICATE_VERIFY_FAILED' in text:
        text += ' (is the clock right, and the package ca-certificates installed?)'
    return text


class _ProgressBar:
    """A bar on stderr when that is a terminal, else nothing."""

    def __init__(self, name: str, size: Optional[int]) -> None:
        self.name, self.size, self.shown = name, size, 0.0
        self.width = shutil.get_terminal_size().columns - 1 if sys.stderr.isatty() else 0

    def show(self, received: int) -> None:
        """Draws the bar for so many bytes, ten times a second at most."""
        if not self.width or time.monotonic() - self.shown < 0.1:
            return
        self.shown = time.monotonic()
        text = f'{received / 1e6:.1f} MB'
        if self.size:
            done = min(1.0, received / self.size)
            bar = '#' * int(20 * done)
            text = f'{100 * done:3.0f}% [{bar:20}] of {self.size / 1e6:.1f} MB'
        name = self.name[:max(0, self.width - len(text) - 2)]
        sys.stderr.write(f'\r{name}  {text[:self.width]}')
        sys.stderr.flush()

    def clear(self) -> None:
        """Takes the bar away."""
        if self.width and self.shown:
            sys.stderr.write('\r\033[K')
            sys.stderr.flush()


def listed_files() -> Dict[str, str]:
    """Returns the names under mobilenet/ in SHA256SUMS with their hashes."""
    with open(os.path.join(MODELS_DIR, 'SHA256SUMS'), encoding='utf-8') as file:
        pairs = (line.split() for line in file if line.strip())
        return {name: sha256 for sha256, name in pairs if name.startswith('mobilenet/')}


def _base_url(text: str) -> str:
    if not text.startswith(('http://', 'https://')) or not _host(text):
        raise argparse.ArgumentTypeError(f'got {text!r}, expected http://… or https://…')
    return text.rstrip('/')


def main() -> int:
    """Downloads what is missing; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--base-url', type=_base_url, default=BASE_URL, metavar='URL',
                        help='where mobilenet/ is (default: %(default)s)')
    args = parser.parse_args()
    files = listed_files()
    missing = [name for name, sha256 in files.items()
               if sha256_of(os.path.join(MODELS_DIR, name)) != sha256]
    failed = []
    for i, name in enumerate(missing):
        path = os.path.join(MODELS_DIR, name)
        try:
            download(f'{args.base_url}/{name}', path, files[name])
        except DownloadError as error:
            print(f'error: {name}: {error}', file=sys.stderr)
            failed.append(name)
            if isinstance(error, HostError):
                failed = failed + missing[i + 1:]
                break
        except OSError as error:
            print(f'error: cannot write {path}: {error.strerror}', file=sys.stderr)
            failed.append(name)
        else:
            print(f'{name}: {os.path.getsize(path) / 1e6:.1f} MB, checked', file=sys.stderr)
    if failed:
        names = '' if len(failed) == len(files) else ': ' + ' '.join(failed)
        print(f'missing: {len(failed)} of {len(files)} model files{names}; '
              'get them with: python3 models/download.py', file=sys.stderr)
        return 3
    if not missing:
        print(f'all {len(files)} model files are here', file=sys.stderr)
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print('\nstopped; the next run goes on from here', file=sys.stderr)
        sys.exit(130)
