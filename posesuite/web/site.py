"""The page as files: what lies in web/, LiteRT.js, models, and what is made of the suite."""
import glob
import hashlib
import json
import os
import re
from typing import Dict, Sequence

from posesuite.errors import SuiteError
from posesuite.files import own_file, written_whole
from posesuite.web import facts
from posesuite.web.litert import litert_files
from posesuite.web.models import model_files

# Of web/.
OWN = ('*.html', '*.css', '*.js', '*.d.ts', '*.svg', '*.webmanifest', 'package.json', 'README.md',
       'page/*.js', 'engine/*.js', 'decoder/decoder.wasm')
# What the page has in common with the rest of the suite, by its place in the page's folder.
SHARED = {'page/skeleton.js': ('display', 'skeleton.js'),
          'page/classifier.js': ('activities', 'classifier.js')}
WORKER, FILES = 'service_worker.js', b'/* FILES */ {}'
POLICY = re.compile(rb'http-equiv="Content-Security-Policy" content="([^"]+)"')
TYPES = {'.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8',
         '.js': 'text/javascript; charset=utf-8', '.json': 'application/json',
         '.wasm': 'application/wasm', '.svg': 'image/svg+xml', '.md': 'text/plain; charset=utf-8',
         '.ts': 'text/plain; charset=utf-8', '.webmanifest': 'application/manifest+json'}


class SiteError(SuiteError):
    """A folder cannot be used; the message is one line."""


def make_site(models: Sequence[str] = ()) -> Dict[str, bytes]:
    """The files of the page by their paths, which have slashes.

    models: as of model_files. Raises EngineError, RuntimeFilesError or OSError.
    """
    root = os.path.dirname(own_file('web', 'index.html'))
    site = {os.path.relpath(path, root).replace(os.sep, '/'): _read(path)
            for pattern in OWN for path in sorted(glob.glob(os.path.join(glob.escape(root),
                                                                         *pattern.split('/'))))}
    site.update({place: _read(own_file(*parts)) for place, parts in SHARED.items()})
    site['LICENSE'] = _read(own_file('LICENSE'))
    site['page/facts.js'] = facts.script().encode()
    site.update(litert_files())
    site.update(model_files(models))
    site['_headers'] = _headers_file(site)
    hashes = {name: hashlib.sha256(content).hexdigest()
              for name, content in sorted(site.items()) if name not in (WORKER, '_headers')}
    site[WORKER] = site[WORKER].replace(FILES, json.dumps(hashes, indent=1).encode())
    return site


def write_site(site: Dict[str, bytes], folder: str) -> None:
    """Writes the files into a folder, which is new, empty, or has an earlier page.

    Raises SiteError or OSError.
    """
    if os.path.isdir(folder) and os.listdir(folder) and not os.path.exists(
            os.path.join(folder, WORKER)):
        raise SiteError(f'{folder} has other files: choose a new folder')
    for name in sorted(site, key=lambda name: name == WORKER):  # it names all others
        path = os.path.join(folder, *name.split('/'))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with written_whole(path, 'wb') as file:
            file.write(site[name])


def headers(site: Dict[str, bytes], name: str) -> Dict[str, str]:
    """The headers with which a server answers for a file."""
    return {'Content-Type': TYPES.get(os.path.splitext(name)[1], 'application/octet-stream'),
            **_headers(site)}


def _headers(site: Dict[str, bytes]) -> Dict[str, str]:
    """Of every file: the policy is the page's own, and what only a header may say."""
    found = POLICY.search(site['index.html'])
    assert found is not None
    return {'Content-Security-Policy': found.group(1).decode() + "; frame-ancestors 'none'",
            'Cross-Origin-Opener-Policy': 'same-origin',  # these two give it threads
            'Cross-Origin-Embedder-Policy': 'require-corp',
            'Cross-Origin-Resource-Policy': 'same-origin', 'Referrer-Policy': 'no-referrer',
            'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-cache'}


def _headers_file(site: Dict[str, bytes]) -> bytes:
    """The same for hosts of static pages that read a file _headers."""
    lines = ['/*', *(f'  {key}: {value}' for key, value in _headers(site).items())]
    return '\n'.join([*lines, '']).encode()


def _read(path: str) -> bytes:
    with open(path, 'rb') as file:
        return file.read()
