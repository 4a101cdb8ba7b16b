"""Files written whole or not at all, and where the suite's own files and the user's lie."""
import contextlib
import errno
import glob
import hashlib
import os
import platform
import tempfile
import unicodedata
from typing import IO, Any, Dict, Hashable, Iterable, Iterator, List

PACKAGE = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.dirname(PACKAGE)
# An installed suite has models/, samples/ and posenet_decoder/ in the package, a checkout beside
# it, where another package's folders of these names may lie once the suite is installed.
INSTALLED = os.path.isdir(os.path.join(PACKAGE, 'models'))


def own_file(*parts: str) -> str:
    """The path of a file that belongs to the suite, such as models/SHA256SUMS."""
    inside = os.path.join(PACKAGE, *parts)
    return inside if INSTALLED or os.path.exists(inside) else os.path.join(CHECKOUT, *parts)


def decoder_library() -> str:
    """The path of the compiled decoder, whether it exists or not."""
    ending = {'Darwin': 'dylib', 'Windows': 'dll'}.get(platform.system(), 'so')
    return own_file('posenet_decoder', f'posenet_decoder.{ending}')


def models_folder() -> str:
    """Where downloaded models lie: models/ of a checkout, else a folder of the user's."""
    return os.path.join(user_folder('data'), 'models') if INSTALLED else own_file('models')


def user_folder(kind: str) -> str:
    """The suite's folder among the user's files, whether it exists or not; kind: data or cache.

    Without a home folder it is one of this user's in the folder for temporary files.
    """
    variable, usual = {'data': ('XDG_DATA_HOME', '~/.local/share'),
                       'cache': ('XDG_CACHE_HOME', '~/.cache')}[kind]
    if os.name == 'nt':
        variable = 'LOCALAPPDATA'
    base = os.environ.get(variable) or os.path.expanduser(usual)
    if not os.path.isabs(base):
        base = os.path.join(tempfile.gettempdir(), f'{getattr(os, "getuid", int)()}', kind)
    return os.path.join(base, 'edge-tpu-pose-suite')


def utf8_path(path: str) -> str:
    """A path as OpenCV takes it, which crashes on names that Python cannot write as UTF-8.

    Python has such names where the locale is not UTF-8. Raises OSError if the name is not UTF-8.
    """
    try:
        return os.fsencode(path).decode('utf-8')
    except UnicodeError:
        raise OSError(errno.EILSEQ, 'its name is not UTF-8')


def command(script: str) -> str:
    """What a user types to run a script of the suite, such as 'simple_pose.py'."""
    if not INSTALLED:
        return f'python3 {script}'
    name = os.path.splitext(script)[0].replace('_', '-')
    return 'pose-doctor' if name == 'doctor' else name


def install_command(activate: bool = False) -> str:
    """What a user types to install what the suite needs; activate: and then to use it."""
    if INSTALLED:
        return 'python3 -m pip install --force-reinstall edge_tpu_pose_suite-*.whl'
    return 'sh install_requirements.sh' + activate * ' && . .venv/bin/activate'


def edgetpu_command() -> str:
    """What a user types to install the Edge TPU's library."""
    return ('sudo apt install libedgetpu1-std' if INSTALLED else
            'sh install_requirements.sh --edgetpu')


def models_command() -> str:
    """What a user types to download Google's models."""
    return 'python3 -m posesuite.download' if INSTALLED else 'python3 models/download.py'


def sha256_of(path: str) -> str:
    """A file's SHA-256 in hexadecimal, '' where there is no file."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), open(path, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()
    return ''


def check_outputs(outputs: Iterable[str], inputs: Iterable[str] = ()) -> None:
    """Checks that no output would overwrite an input or another output.

    inputs: files, folders whose files are read, or globs. Files are compared by what they are, so
    that links count. Outputs whose names differ only in case, or in how accents are encoded, are
    one file on many disks. Raises ValueError with one line.
    """
    read = {identity: path for source in inputs for path in _files_of(source)
            for identity in _identity(path)}
    written: Dict[Hashable, str] = {}
    for path in outputs:
        for identity in [*_identity(path), *_identity(f'{path}.part')]:
            if identity in read:
                raise ValueError(f'{path} would overwrite {read[identity]}, which is read: choose '
                                 'another name for the output')
        folder, name = os.path.split(os.path.realpath(path))
        names = {*_identity(path), (folder, unicodedata.normalize('NFC', name).casefold())}
        for identity in names & set(written):
            raise ValueError(f'two outputs would be the same file, {written[identity]} and {path}: '
                             'give each a name of its own')
        written.update(dict.fromkeys(names, path))


def _files_of(source: str) -> List[str]:
    if os.path.isdir(source):
        source = os.path.join(glob.escape(source), '*')
    return [source] if os.path.exists(source) else glob.glob(source)


def _identity(path: str) -> List[Hashable]:
    """What a regular file is known by, whatever its names; empty if there is none."""
    with contextlib.suppress(OSError):
        if os.path.isfile(path):
            status = os.stat(path)
            return [(status.st_dev, status.st_ino)]
    return []


def private(path: str, flags: int) -> int:
    """Opens a file that only its owner may read, as the opener of open()."""
    file = os.open(path, flags, 0o600)
    if hasattr(os, 'fchmod'):  # the file may have been there with another mode
        os.fchmod(file, 0o600)
    return file


@contextlib.contextmanager
def written_whole(path: str, mode: str = 'w', **options: Any) -> Iterator[IO[Any]]:
    """Opens path + '.part' for writing; renames it to path at the end, or removes it on an error.

    mode and options are those of open(); texts are UTF-8. Raises OSError with one line.
    """
    part = f'{path}.part'
    if 'b' not in mode:
        options.setdefault('encoding', 'utf-8')
    try:
        try:
            with open(part, mode, **options) as file:
                yield file
            os.replace(part, path)
        except BaseException:
            with contextlib.suppress(OSError, ValueError):
                os.unlink(part)
            raise
    except OSError as error:
        if error.strerror is None:  # it has its one line already
            raise
        raise OSError(f'cannot write {path}: {error.strerror}')
    except ValueError as error:
        if '\0' not in path:
            raise
        raise OSError(f'cannot write {path!r}: {error}')
