"""Downloads MakeHuman's CC0 bodies, clothes, hair and poses, each file checked by its SHA-256.

    python3 training/assets.py makehuman

Files that are there already are kept, so the same command resumes after an interruption. The files
and their hashes are listed in assets.sha256; the commits are pinned below.
"""
import pathlib
import sys

from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from posesuite.transfer import DownloadError, HostError, download  # noqa: E402

LIST = pathlib.Path(__file__).with_name('assets.sha256')
# Folder here -> where its files lie, at the commit whose files the list names.
SOURCES = {
    'core/': 'https://github.com/makehumancommunity/makehuman/raw/'
             'a8bc2d54ff0ac92e78ff71431b1023eda42bf482/makehuman/data/',
    'assets/': 'https://github.com/makehumancommunity/makehuman-assets/raw/'
               '8cf9645b975a98eea056b140df11a1d278da0d10/base/'}


def listed_files() -> 'dict[str, str]':
    """Names in the folder and their SHA-256."""
    pairs = (line.split(maxsplit=1) for line in LIST.read_text().splitlines())
    return {name: digest for digest, name in pairs}


def url_of(name: str) -> str:
    """Where a listed file is downloaded from."""
    folder = next(folder for folder in SOURCES if name.startswith(folder))
    return SOURCES[folder] + name[len(folder):]


def main() -> int:
    """Downloads what is missing; 3 when something cannot be had."""
    if len(sys.argv) != 2 or sys.argv[1].startswith('-'):
        print(__doc__, file=sys.stderr)
        return 0 if sys.argv[1:] in (['-h'], ['--help']) else 2
    folder, failed = pathlib.Path(sys.argv[1]), 0
    files = listed_files()
    for name, digest in tqdm(files.items(), unit='file', disable=not sys.stderr.isatty()):
        try:
            download(url_of(name), str(folder / name), digest)
        except HostError as error:
            print(f'error: {error}; the same command resumes', file=sys.stderr)
            return 3
        except DownloadError as error:
            failed += 1
            print(f'error: {name}: {error}', file=sys.stderr)
    print(f'{folder}: {len(files) - failed} of {len(files)} files', file=sys.stderr)
    return 3 if failed else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print('\nstopped; the same command resumes', file=sys.stderr)
        sys.exit(130)
