"""Downloads files whose sizes and SHA-256 are listed: models, and what tests compare with."""
import logging
import os
import re
import sys
from typing import Dict, List, NamedTuple, Optional, Sequence

from posesuite import script
from posesuite.files import models_command, models_folder, own_file, sha256_of
from posesuite.transfer import HostError, download

GOOGLE_URL = ('https://github.com/google-coral/project-posenet/raw/'
              '37cfb84eaff9fa7a02bbc8b60a36d6d422859c5f')
# Where the files of a listed folder are, if not at the address that is downloaded from by default.
ELSEWHERE = {
    'bodypix': ('https://github.com/google-coral/project-bodypix/raw/'
                'a46c428d729741c82f64550d742b2c65fe92999b/models'),
    'movenet': ('https://github.com/google-coral/test_data/raw/'
                '104342d2d3480b3e66203073dac24f4e2dbb4c41'),
    'openpose': ('https://github.com/ildoonet/tf-pose-estimation/raw/9aaf347/models/graph/'
                 'mobilenet_v2_small'),
    'openvino': ('https://storage.openvinotoolkit.org/repositories/open_model_zoo/2021.4/'
                 'models_bin/3/human-pose-estimation-0001/FP16-INT8')}
# Names at these addresses, if they are others than here.
NAMES_ELSEWHERE = {'openpose/mobilenet_v2_small_graph_opt.pb': 'graph_opt.pb'}
# Names that --model takes, and the listed folders with their files.
MODELS = {'posenet': 'mobilenet', 'bodypix': 'bodypix', 'movenet': 'movenet',
          'openpose': 'openpose', 'openvino': 'openvino'}
# What is downloaded without --model: what the demos use by default, and the anonymizer's witness.
USUAL = 'mobilenet/', 'bodypix/bodypix_mobilenet_v1_075_640_480_16_quant_decoder.tflite'
LOGGER = logging.getLogger('posesuite')  # by name, as this module also runs as __main__

MODELS_HELP = """Downloads those model files that are missing or damaged: without --model Google's
PoseNets, and the BodyPix that the anonymizer uses.

A broken download is resumed by the next run. A host that does not answer is given up within 10
seconds, once.

    {0}
    {0} --model movenet --model bodypix

Exit status: 0 when every file is here, 3 when one is missing, 2 for wrong usage."""


class Listed(NamedTuple):
    """A file of a list: its path in the list's folder, its size in bytes, its SHA-256 in hex."""
    name: str
    size: int
    sha256: str


def listed_files(folder: str, beginnings: Sequence[str] = ('',)) -> List[Listed]:
    """The files that `folder`/SIZES names, with their hashes from `folder`/SHA256SUMS.

    beginnings: of the paths of those that count.
    """
    def pairs(name: str) -> List[List[str]]:
        with open(os.path.join(folder, name), encoding='utf-8') as file:
            return [line.split(maxsplit=1) for line in file.read().splitlines()]

    hashes = {name: digest for digest, name in pairs('SHA256SUMS')}
    return [Listed(name, int(size), hashes[name]) for size, name in pairs('SIZES')
            if name.startswith(tuple(beginnings))]


def run(description: str, folder: str, base_url: str, command: str, into: str = '',
        models: Optional[Dict[str, str]] = None) -> int:
    """The work of a script that downloads the files that `folder` lists; returns its exit status.

    into: where they go, unless that is `folder` itself.
    base_url: where the listed paths are, unless --base-url names another place.
    command: what a user types to run the script.
    models: names that --model takes, and the listed folders they mean; None for all that is listed.
    """
    script.talk()
    parser = script.parser(description)
    parser.add_argument('--base-url', default=base_url, metavar='URL',
                        help='address of the folder with these files (default: %(default)s)')
    if models:
        parser.add_argument('--model', action='append', choices=[*models, 'all'], metavar='NAME',
                            help=f'{", ".join(models)} or all; may be given several times')
    given = vars(parser.parse_args())
    url, chosen = given['base_url'].rstrip('/'), given.get('model') or []
    if not re.match('https?://[^/]', url):
        parser.error(f'--base-url {url}: expected http://… or https://…')
    files = listed_files(folder, _beginnings(chosen, models) if models else ('',))
    try:
        missing = fetch(files, url, into or folder, ELSEWHERE if url == base_url else {})
    except KeyboardInterrupt:
        LOGGER.info('\ninterrupted; the next run resumes here')
        return 130
    if missing:
        LOGGER.info('missing: %d of %d files; get them with: %s', missing, len(files),
                    ' --model '.join([command, *chosen]))
    return 3 if missing else 0


def _beginnings(chosen: Sequence[str], models: Dict[str, str]) -> Sequence[str]:
    """Of the paths of the files of the models that were chosen, 'all' of them or the usual ones."""
    if not chosen:
        return USUAL
    return ('',) if 'all' in chosen else [f'{models[name]}/' for name in chosen]


def main() -> int:
    """Downloads models; returns the exit status."""
    return run(MODELS_HELP.format(models_command()), own_file('models'), f'{GOOGLE_URL}/models',
               models_command(), models_folder(), MODELS)


def fetch(files: Sequence[Listed], base_url: str, into: str, elsewhere: Dict[str, str]) -> int:
    """Downloads those of some listed files that `into` lacks, and logs a line for each.

    elsewhere: addresses of listed folders that are not below base_url.
    Returns how many files are still missing.
    """
    missing = [file for file in files
               if sha256_of(os.path.join(into, file.name)) != file.sha256]
    if not missing:
        LOGGER.info('all %d files are here', len(files))
    left, silent = len(missing), set()
    for file in missing:
        inside, _, name = file.name.partition('/')
        url = f'{base_url}/{file.name}'
        if inside in elsewhere:
            url = f'{elsewhere[inside]}/{NAMES_ELSEWHERE.get(file.name, name)}'
        if url.split('/')[2] in silent:
            continue
        try:
            download(url, os.path.join(into, file.name), file.sha256, file.size)
        except OSError as error:
            LOGGER.error('%s: %s', file.name, error)
            if isinstance(error, HostError):
                silent.add(url.split('/')[2])
        else:
            LOGGER.info('%s: checked and in place', file.name)
            left -= 1
    return left


if __name__ == '__main__':
    sys.exit(main())
