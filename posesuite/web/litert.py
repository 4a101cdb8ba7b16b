"""LiteRT.js, which runs the networks in browsers: fetched once, checked by its hashes, and kept.

https://www.npmjs.com/package/@litertjs/core, Apache-2.0. npm gets it where there is one; else it
comes from the address that the package's own documentation names.
"""
import logging
import os
import shutil
import subprocess
import tarfile
import tempfile
from typing import Dict, Sequence

from posesuite.download import Listed, fetch, listed_files
from posesuite.errors import SuiteError, one_line
from posesuite.files import own_file, sha256_of, user_folder, written_whole

VERSION = '2.5.3'  # of both packages
PACKAGES = {'core': '@litertjs/core', 'wasm-utils': '@litertjs/wasm-utils'}  # by folder of the list
URL = 'https://cdn.jsdelivr.net/npm'
NPM_TIMEOUT = 300  # seconds
# Where the page has the listed files.
PLACES = {'core/dist/index.js': 'litert/index.js',
          'wasm-utils/dist/index.js': 'litert/wasm-utils.js'}
# A worker has no import maps, and so no names of packages.
IMPORT, LOCAL_IMPORT = b'from "@litertjs/wasm-utils"', b'from "./wasm-utils.js"'
LOGGER = logging.getLogger(__name__)


class RuntimeFilesError(SuiteError):
    """LiteRT.js is not here and could not be fetched; the message is one line."""


def litert_files(folder: str = '', url: str = URL) -> Dict[str, bytes]:
    """The files of LiteRT.js by their places in the page's folder.

    folder: where they are kept, by default among the user's. url: where they are.
    Raises RuntimeFilesError.
    """
    folder = folder or os.path.join(user_folder('cache'), f'litert-{VERSION}')
    listed = listed_files(os.path.dirname(own_file('web', 'litert', 'SIZES')))
    if _missing(listed, folder):
        LOGGER.info('fetching LiteRT.js %s (Apache-2.0), once', VERSION)
        _get_by_npm(listed, folder)
    if _missing(listed, folder):
        fetch(listed, url, folder, {name: f'{url}/{package}@{VERSION}'
                                    for name, package in PACKAGES.items()})
    if _missing(listed, folder):
        raise RuntimeFilesError(f'LiteRT.js {VERSION} is not here and cannot be fetched: connect '
                                'to the internet once, or install npm where only npm may')
    found = {}
    for file in listed:
        with open(os.path.join(folder, file.name), 'rb') as content:
            place = PLACES.get(file.name, f'litert/{os.path.basename(file.name)}')
            found[place] = content.read().replace(IMPORT, LOCAL_IMPORT) \
                if place == 'litert/index.js' else content.read()
    return found


def _missing(listed: Sequence[Listed], folder: str) -> Sequence[Listed]:
    return [file for file in listed
            if sha256_of(os.path.join(folder, file.name)) != file.sha256]


def _get_by_npm(listed: Sequence[Listed], folder: str) -> None:
    """Gets the packages by npm, where there is one and it can; only what is listed is kept."""
    npm = shutil.which('npm')
    if npm is None:
        return
    with tempfile.TemporaryDirectory() as work:
        packages = [f'{package}@{VERSION}' for package in PACKAGES.values()]
        try:
            done = subprocess.run([npm, 'pack', '--silent', '--pack-destination', work, *packages],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  stdin=subprocess.DEVNULL, cwd=work, timeout=NPM_TIMEOUT)
        except (OSError, subprocess.TimeoutExpired):
            return
        if done.returncode:
            return
        for name, package in PACKAGES.items():
            archive = f'{package.lstrip("@").replace("/", "-")}-{VERSION}.tgz'
            try:
                _take(listed, os.path.join(work, archive), name, folder)
            except (KeyError, tarfile.TarError) as error:
                LOGGER.warning("npm's %s cannot be used: %s", archive, one_line(error))


def _take(listed: Sequence[Listed], archive: str, package: str, folder: str) -> None:
    """Takes the listed files of a package out of npm's archive."""
    with tarfile.open(archive) as content:
        for file in listed:
            name, _, path = file.name.partition('/')
            member = content.extractfile(f'package/{path}') if name == package else None
            if member is not None:
                target = os.path.join(folder, file.name)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with written_whole(target, 'wb') as written:
                    written.write(member.read())
