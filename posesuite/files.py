"""Files written whole or not at all, and where the suite's own files lie."""
import contextlib
import os
from typing import IO, Any, Iterator

PACKAGE = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.dirname(PACKAGE)


def own_file(*parts: str) -> str:
    """The path of a file that belongs to the suite, such as models/SHA256SUMS.

    An installed suite has models/, samples/ and posenet_decoder/ in the package, a checkout beside
    it.
    """
    installed = os.path.join(PACKAGE, *parts)
    return installed if os.path.exists(installed) else os.path.join(CHECKOUT, *parts)


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
