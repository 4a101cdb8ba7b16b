#!/bin/sh
# Sets up the suite in this checkout: the Python packages in .venv, the decoder, the models; on a
# machine with an Edge TPU also Coral's library for it. Run again, it does only what is missing.
#
#     sh install_requirements.sh [--dev] [--edgetpu]
#     PYTHON=python3.11 sh install_requirements.sh
#
#   --dev      also what the tests need: packages, Google's test photograph and reference results
#   --edgetpu  set up Coral's library even if no Edge TPU is seen
#   --help     show this and exit
#
# PYTHON names the interpreter, of Python 3.7 to 3.13 (default: python3). Missing Debian packages
# are installed as root or with sudo; with neither, the command to type is shown.
#
# Exit status: 0 when the demos can run on the CPU, 1 when they cannot, 2 for wrong usage. Models
# that could not be downloaded and an Edge TPU that could not be set up are listed at the end and do
# not change it.
set -eu

coral_packages=https://packages.cloud.google.com/apt
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
venv=$here/.venv
python=$venv/bin/python
library=$here/posenet_decoder/posenet_decoder.so
missing=
# A compiler with sanitizers; a screen, a mouse, browsers, what runs a page's scripts without one,
# and a proxy; what a process does; sound and MIDI servers; an RTSP server.
dev_packages='g++ strace xvfb xdotool openbox wmctrl imagemagick chromium chromium-driver
    firefox-esr nodejs npm nginx-light wget faketime x11-xkb-utils
    pulseaudio pulseaudio-utils jackd2
    python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good
    gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }
note() { missing="$missing  $*
"; }

can_be_root() {
    [ "$(id -u)" -eq 0 ] ||
        { command -v sudo > /dev/null && { [ -t 0 ] || sudo -n true 2> /dev/null; }; }
}
as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

# Installs Debian packages. With lists that are absent or stale the first try fails.
apt_install() {
    command -v apt-get > /dev/null ||
        { say "this system has no apt-get; install what Debian calls: $*"; return 1; }
    can_be_root || { say "some packages are missing; as root: apt-get install -y $*"; return 1; }
    say "installing with apt: $*"
    # shellcheck disable=SC2016
    as_root sh -c 'export DEBIAN_FRONTEND=noninteractive
        apt() { apt-get -qq -o Acquire::http::Timeout=15 -o Acquire::Retries=1 "$@"; }
        apt install -y --no-install-recommends "$@" ||
            { apt update; apt install -y --no-install-recommends "$@"; }' \
        apt "$@" > "$work/apt.log" 2>&1 && return 0
    say "apt could not install $*: $(grep '^E:' "$work/apt.log" | tail -n 1)"
    return 1
}

installed() { dpkg-query -W -f='${Status}' "$1" 2> /dev/null | grep -q ' installed$'; }

# Python trusts the system's certificates; a minimal Debian has none.
need_certificates() {
    ! command -v apt-get > /dev/null || [ -e /etc/ssl/certs/ca-certificates.crt ] ||
        apt_install ca-certificates || true
}

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2> /dev/null; }

# Coral's pycoral has pycoral/utils/edgetpu.py; PyPI's is an unrelated program.
coral_pycoral_in_system() {
    "$base_python" -c 'import importlib.util, os, sys
spec = importlib.util.find_spec("pycoral")
sys.exit(not (spec and spec.origin and os.path.exists(
    os.path.join(os.path.dirname(spec.origin), "utils", "edgetpu.py"))))' 2> /dev/null
}

edgetpu_seen() {
    [ -e /etc/mendel_version ] || ls /dev/apex_* > /dev/null 2>&1 ||
        # The USB Accelerator's ids before it has its firmware, and after.
        grep -qsE '^PRODUCT=(1a6e/89a|18d1/9302)/' /sys/bus/usb/devices/*/uevent
}

# Never ends the script, because the CPU needs none of this.
setup_edgetpu() {
    command -v apt-get > /dev/null ||
        { note "Edge TPU: Coral's packages are for systems with apt-get"; return 0; }
    can_be_root || { note "Edge TPU: Coral's packages need root: sudo" \
        'sh install_requirements.sh --edgetpu'; return 0; }
    # On Mendel apt knows the repository; naming it twice with different keys breaks apt.
    grep -qs '^[^#]*coral-edgetpu-stable' /etc/apt/sources.list /etc/apt/sources.list.d/* ||
        add_coral_repository || { note "Edge TPU: Coral's apt repository could not be set up;" \
            'when online: sh install_requirements.sh --edgetpu'; return 0; }
    # libedgetpu1-max is the same with a faster clock, and excludes the other.
    installed libedgetpu1-std || installed libedgetpu1-max || apt_install libedgetpu1-std ||
        note 'Edge TPU: libedgetpu1-std could not be installed'
    installed python3-pycoral || apt_install python3-pycoral || note 'Edge TPU: python3-pycoral' \
        'could not be installed (Coral has none for Python after 3.9); the suite works without'
}

# Adds Coral's repository and its key, or leaves apt as it was.
add_coral_repository() {
    need_certificates
    key=$work/coral-edgetpu.asc
    /usr/lib/apt/apt-helper -o Acquire::https::Timeout=15 -o Acquire::Retries=1 download-file \
        "$coral_packages/doc/apt-key.gpg" "$key" > "$work/apt.log" 2>&1 || return 1
    # apt tells a key in text from one in binary by its name alone.
    if ! grep -q 'BEGIN PGP PUBLIC KEY' "$key"; then
        mv "$key" "${key%.asc}.gpg" && key=${key%.asc}.gpg
    fi
    keyring=/usr/share/keyrings/${key##*/}
    list=/etc/apt/sources.list.d/coral-edgetpu.list
    echo "deb [signed-by=$keyring] $coral_packages coral-edgetpu-stable main" > "$work/list"
    as_root install -D -m 644 "$key" "$keyring" && as_root install -m 644 "$work/list" "$list" &&
        as_root apt-get -qq -o "Dir::Etc::sourcelist=$list" -o Dir::Etc::sourceparts=- \
            -o APT::Get::List-Cleanup=0 update > "$work/apt.log" 2>&1
    # That ends well even when it could fetch nothing, so ask for what it should have brought.
    apt-cache show libedgetpu1-std > /dev/null 2>&1 && return 0
    as_root rm -f "$list" "$keyring"
    return 1
}

make_venv() {
    site=
    coral_pycoral_in_system && site=--system-site-packages
    # After the checkout was moved, the scripts of .venv name the old place: it is made again.
    if grep -qsF "$venv" "$venv/bin/activate" && "$python" -c 'import pip' 2> /dev/null &&
            { [ -z "$site" ] || grep -qs 'packages = true' "$venv/pyvenv.cfg"; }; then
        return 0
    fi
    if ! "$base_python" -c 'import ensurepip' 2> /dev/null; then
        package=python3-venv
        [ "${base_python##*/}" = python3 ] || package=python$version-venv
        apt_install "$package" || die "$base_python cannot make .venv without $package"
    fi
    "$base_python" -m venv ${site:+"$site"} "$venv" > "$work/venv.log" 2>&1 ||
        die "$base_python could not make $venv: $(tail -n 1 "$work/venv.log")"
}

# pip that neither waits long for an absent network nor compiles for hours.
pip_install() {
    PIP_USER=0 "$python" -m pip install --disable-pip-version-check --only-binary :all: \
        --retries 1 --timeout 15 "$@"
}
satisfied() { pip_install -q --no-index "$@" > /dev/null 2>&1; }

# Installs Python packages; asks no network when they are there.
install_packages() {
    satisfied "$@" && return 0
    if [ -t 2 ]; then quiet=; else quiet=-q; fi
    pip_install ${quiet:+"$quiet"} "$@" >&2 2> "$work/pip.log" && return 0
    reason=$(sed -n 's/^ERROR: //p' "$work/pip.log" | tail -n 1)
    if grep -q 'CERTIFICATE_VERIFY_FAILED' "$work/pip.log"; then
        reason="the package index's certificate is not trusted (is the clock right?); $reason"
    elif grep -qE 'Retrying|connection error|Max retries' "$work/pip.log"; then
        reason="the package index cannot be reached; $reason"
    fi
    die "pip could not install what is needed: ${reason:-$(tail -n 1 "$work/pip.log")}"
}

remove_pypi_pycoral() {
    "$python" -c 'import os, sys, sysconfig
path = os.path.join(sysconfig.get_paths()["purelib"], "pycoral")
sys.exit(not os.path.isdir(path) or os.path.exists(os.path.join(path, "utils", "edgetpu.py")))' ||
        return 0
    say "removing PyPI's pycoral from .venv: it is an unrelated program"
    "$python" -m pip uninstall -q -y --disable-pip-version-check pycoral >&2 ||
        die "PyPI's pycoral could not be removed: type: $python -m pip uninstall pycoral"
}

# Why OpenCV does not load, in a line; nothing if it does.
cv2_trouble() {
    "$python" -c 'import cv2' > "$work/cv2.log" 2>&1 || tail -n 1 "$work/cv2.log"
}

build() { sh "$here/posenet_decoder/build.sh" > "$work/build.log" 2>&1; }
build_decoder() {
    status=0
    build || status=$?
    if [ "$status" -eq 3 ]; then  # There is no C++ compiler.
        install_packages ziglang
        build && status=0
    fi
    grep -v ' is up to date$' "$work/build.log" >&2 || true
    [ "$status" -eq 0 ] || die 'the decoder could not be compiled'
}
decoder_loads() {
    "$python" -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$library" 2> "$work/load.log"
}

dev='' edgetpu=''
for argument in "$@"; do
    case $argument in
        --dev) dev=-dev ;;
        --edgetpu) edgetpu=1 ;;
        -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0"; exit 0 ;;
        *) say "error: got $argument, expected --dev, --edgetpu or --help"; exit 2 ;;
    esac
done

base_python=${PYTHON:-python3}
if ! command -v "$base_python" > /dev/null; then
    [ -z "${PYTHON-}" ] || die "PYTHON=$PYTHON is not a program, need Python 3.7 to 3.13"
    apt_install python3 python3-venv || die 'found no python3, need Python 3.7 to 3.13'
fi
version=$(version_of "$base_python") || die "$base_python does not run, need Python 3.7 to 3.13"
case $version in
    3.[789] | 3.1[0123]) ;;
    *) die "$base_python is Python $version, need 3.7 to 3.13; choose one with PYTHON=python3.11" ;;
esac
if [ -e "$venv" ]; then
    if ! found=$(version_of "$python"); then
        say "the Python in $venv does not run: making it again"
        rm -rf "$venv"
    elif [ "$found" != "$version" ]; then
        die "$venv is of Python $found, $base_python is $version: name PYTHON=python$found, or" \
            'remove .venv'
    fi
fi

if [ -n "$edgetpu" ] || edgetpu_seen; then setup_edgetpu; fi
make_venv
remove_pypi_pycoral

requirements=$here/requirements$dev.txt
# Under a 64-bit kernel a 32-bit system (Raspberry Pi OS has this) gives its machine as aarch64,
# which leads the markers astray.
if "$python" -c 'import platform, sys
sys.exit(sys.maxsize > 2 ** 32 or platform.machine() != "aarch64")'; then
    for name in requirements.txt requirements-dev.txt; do
        sed "s/platform_machine == 'armv7l'/python_version >= '3'/
            s/platform_machine != 'armv7l'/python_version < '3'/" "$here/$name" > "$venv/$name"
    done
    requirements=$venv/requirements$dev.txt
fi
set -- -r "$requirements"
if coral_pycoral_in_system; then
    set -- "$@" 'numpy<2'  # Coral's packages are built against numpy 1.
fi
if ! satisfied 'pip>=20.3' "$@"; then
    say 'installing the Python packages into .venv'
    # An older pip does not know today's wheels, nor which pip is too new for its Python: the
    # bound is for Python 3.7.
    satisfied 'pip>=20.3' || install_packages 'pip>=20.3,<24.1'
    install_packages "$@"
fi

trouble=$(cv2_trouble)
case $trouble in
    *'cannot open shared object file'*)
        apt_install libgl1 libglib2.0-0 && trouble=$(cv2_trouble) ;;
esac
[ -z "$trouble" ] || die "OpenCV does not load: $trouble"

runtime=$("$python" -c 'import numpy, PIL
try:
    import ai_edge_litert.interpreter
    print("LiteRT")
except ImportError:
    import tflite_runtime.interpreter
    print("tflite-runtime")' 2> "$work/runtime.log") ||
    die "the runtime does not load: $(tail -n 1 "$work/runtime.log")"

command -v ffmpeg > /dev/null || apt_install ffmpeg ||
    note 'ffmpeg, which writes videos that survive a kill, and reads interlaced ones'
if ! command -v fluidsynth > /dev/null || ! PYTHONPATH=$here "$python" -c '
from posesuite.music.soundfonts import soundfonts
raise SystemExit(not soundfonts())'; then
    apt_install fluidsynth fluid-soundfont-gm ||
        note 'fluidsynth and fluid-soundfont-gm: without them, synthesizer.py only writes MIDI'
fi
if [ -n "$dev" ]; then
    absent=$(for package in $dev_packages; do
        ! command -v apt-get > /dev/null || installed "$package" || printf ' %s' "$package"
    done)
    # shellcheck disable=SC2086
    [ -z "$absent" ] || apt_install $absent || note "what some tests need:$absent"
fi
build_decoder
if ! decoder_loads; then  # It was compiled on another machine.
    rm -f "$library"
    build_decoder
    decoder_loads || die "the decoder does not load: $(tail -n 1 "$work/load.log")"
fi

need_certificates
"$python" "$here/models/download.py" ||
    note "Google's models (the demos use the bundled one); when online: python3 models/download.py"
[ -z "$dev" ] || "$python" "$here/tests/download.py" ||
    note 'what some tests compare with; when online: python3 tests/download.py'

echo
echo "Set up: Python $version in .venv, $runtime, OpenCV, the decoder."
[ -z "$missing" ] || printf 'Missing:\n%s' "$missing"
if [ "$(pwd -P)" = "$here" ]; then cd=; else cd="cd '$here' && "; fi
echo "Next: $cd. .venv/bin/activate && python3 simple_pose.py"
