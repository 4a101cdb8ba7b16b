"""Tries a wheel of the suite for any platform, as far as this machine can.

    Linux x86-64   is installed with all that it needs, and simple-pose runs on a sample. The
                   decoder needs no newer glibc than its tag says.
    Linux on Arm   the decoder answers a known case under qemu (Debian: qemu-user-static and
                   libc6-arm64-cross, libc6-armhf-cross).
    Windows        the decoder answers a known case under Wine (Debian: wine64).
    macOS          the decoder is inspected: processor, exports, needed libraries, signature.

What is missing here is named, and that part left out.
"""
import json
import os
import platform
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import venv
import zipfile
from typing import Dict, Iterator, List, Optional, Tuple

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
EXPORTS = {'posenet_decode', 'tflite_plugin_create_delegate', 'tflite_plugin_destroy_delegate'}
# What else may be seen of a library for macOS: the linker's own names, operator new and delete.
HARMLESS = re.compile('_mh_dylib_header|__dso_handle|_Zn[aw]|_Zd[al]')
GLIBC = (2, 17)
# How the programs of a target run here: the emulator's names, and its arguments.
EMULATORS: Dict[str, Tuple[List[str], List[str]]] = {
    'aarch64-linux': (['qemu-aarch64-static', 'qemu-aarch64'], ['-L', '/usr/aarch64-linux-gnu']),
    'arm-linux': (['qemu-arm-static', 'qemu-arm'], ['-L', '/usr/arm-linux-gnueabihf']),
    'x86_64-windows': (['wine64', 'wine', '/usr/lib/wine/wine64'], [])}
ARM64, DYLIB = 0x0100000c, 6  # a Mach-O file's processor and type
LC_SYMTAB, LC_LOAD_DYLIB, LC_CODE_SIGNATURE = 0x2, 0xc, 0x1d


class CheckError(Exception):
    """A wheel that is not as it must be."""


def check(wheel: str, python: str, target: str) -> Iterator[str]:
    """Yields a line for each thing that was tried, or that could not be tried here.

    python: one with the ziglang wheel; target: zig's name of the wheel's platform.
    Raises CheckError.
    """
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(wheel) as archive:
            name = next(name for name in archive.namelist() if '/posenet_decoder.' in name)
            library = archive.extract(name, folder)
        if 'macos' in target:
            yield inspect_macho(library)
            return
        if 'linux' in target:
            yield inspect_elf(library)
        yield decode_known_case(library, python, target)
        if 'linux' in target and target.startswith(platform.machine()):
            yield install_and_run(wheel, os.path.join(folder, 'venv'))


def decode_known_case(library: str, python: str, target: str) -> str:
    """Compiles decode_known_case.cc for the target and runs it, emulated if need be."""
    emulator = emulator_of(target)
    if emulator is None:
        wanted = EMULATORS['-'.join(target.split('-')[:2])]
        return f'not run: {wanted[0][0]} {" ".join(wanted[1])} is not here'
    program = os.path.join(os.path.dirname(library), 'decode_known_case.exe')
    source = os.path.join(ROOT, 'tools', 'decode_known_case.cc')
    cache = os.environ.get('ZIG_GLOBAL_CACHE_DIR') or os.path.join(ROOT, '.venv-wheels/zig-cache')
    links = [] if 'windows' in target else ['-ldl']
    run([python, '-m', 'ziglang', 'c++', '-target', target, '-mcpu=baseline', '-std=c++17', '-O1',
         '-o', program, source, *links],
        ZIG_GLOBAL_CACHE_DIR=cache, ZIG_LOCAL_CACHE_DIR=cache)
    answer = run([*emulator, program, library], WINEDEBUG='-all',
                 WINEPREFIX=os.path.join(os.path.dirname(library), 'wine')).strip()
    if answer != 'the decoder answers the known case':
        raise CheckError(answer)
    return f'{answer}{" under " + os.path.basename(emulator[0]) if emulator else ""}'


def emulator_of(target: str) -> Optional[List[str]]:
    """The command before a program of this target, empty for this machine's own; None if missing.
    """
    names, arguments = EMULATORS.get('-'.join(target.split('-')[:2]), ([], []))
    if not names:
        return [] if target.startswith(f'{platform.machine()}-{sys.platform}') else None
    found = next(filter(None, map(shutil.which, names)), None)
    return [found, *arguments] if found and all(map(os.path.exists, arguments[1:])) else None


def inspect_elf(library: str) -> str:
    with open(library, 'rb') as file:
        content = file.read()
    needed = {tuple(map(int, version)) for version in re.findall(rb'GLIBC_(\d+)\.(\d+)', content)}
    if not needed or max(needed) > GLIBC:
        raise CheckError(f'it needs glibc {needed}, its tag allows {GLIBC}')
    if b'libstdc++' in content or b'libc++.so' in content:
        raise CheckError('it needs a C++ library of the system')
    if b'_Znwm' in content or b'_Znwj' in content:
        raise CheckError('it exports operator new')
    return 'it needs glibc %d.%d or later, and no C++ library' % max(needed)


def inspect_macho(library: str) -> str:
    with open(library, 'rb') as file:
        content = file.read()
    magic, processor, _, kind, count = struct.unpack_from('<5I', content)
    if (magic, processor, kind) != (0xfeedfacf, ARM64, DYLIB):
        raise CheckError('it is no dynamic library for macOS on arm64')
    exports, libraries, signed, at = set(), [], False, 32
    for _ in range(count):
        command, size = struct.unpack_from('<2I', content, at)
        if command == LC_SYMTAB:
            exports = set(_exported(content, *struct.unpack_from('<4I', content, at + 8)))
        elif command == LC_LOAD_DYLIB:
            start = at + struct.unpack_from('<I', content, at + 8)[0]
            libraries.append(content[start:at + size].split(b'\0')[0].decode())
        signed = signed or command == LC_CODE_SIGNATURE
        at += size
    others = {name for name in exports - EXPORTS if not HARMLESS.match(name)}
    if (others or EXPORTS - exports or libraries != ['/usr/lib/libSystem.B.dylib']
            or not signed):
        raise CheckError(f'exports {exports}, needs {libraries}, signed: {signed}')
    return 'inspected, not run: arm64, exports what is called, needs the system alone, signed'


def _exported(content: bytes, symbols: int, count: int, strings: int, _: int) -> Iterator[str]:
    """The names of a Mach-O file's symbols that it defines for others (nlist_64)."""
    for at in range(symbols, symbols + 16 * count, 16):
        name, kind = struct.unpack_from('<IB', content, at)
        if kind & 0x1 and not kind & 0x10 and kind & 0xe:  # external, not private, defined
            start = strings + name
            yield content[start:content.index(b'\0', start)].decode()[1:]


def install_and_run(wheel: str, folder: str) -> str:
    """Installs a wheel in an environment of its own, and finds the couple in the sample."""
    venv.create(folder, with_pip=True)
    scripts = os.path.join(folder, 'bin')
    run([os.path.join(scripts, 'python'), '-m', 'pip', 'install', '-q', os.path.abspath(wheel)])
    sample = os.path.join(ROOT, 'samples', 'couple.jpg')
    poses = json.loads(run([os.path.join(scripts, 'simple-pose'), '--json', sample], cwd=folder))
    if len(poses) != 2:
        raise CheckError(f'simple-pose finds {len(poses)} people in {sample}, expected 2')
    return 'installed in an environment of its own, simple-pose finds two people'


def run(command: List[str], cwd: Optional[str] = None, **environment: str) -> str:
    """What a program prints. Raises CheckError with its errors if it fails."""
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **environment},
                          capture_output=True)
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors='replace').splitlines()
        raise CheckError('\n'.join([f'{os.path.basename(command[0])} failed:', *said[-20:]]))
    return done.stdout.decode()
