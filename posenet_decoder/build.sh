#!/bin/sh
# Compiles the decoder to posenet_decoder.so beside this script, unless that is newer than its
# sources:
#
#     sh posenet_decoder/build.sh [OUTPUT]
#
# The compiler is $CXX, else the first of c++, g++ and clang++ that works, else the ziglang wheel in
# .venv. $CXXFLAGS are added to the flags; with them it is always compiled. Exit status: 3 when no
# compiler was found.
set -eu

case ${1-} in
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0"; exit 0 ;;
    -*) echo "error: got the option $1, expected the path of the output or nothing" >&2; exit 2 ;;
esac
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
output=${1-$here/posenet_decoder.so}

if [ -z "${CXXFLAGS-}" ] && [ -f "$output" ] && [ -z "$(find "$here" -maxdepth 1 \
        \( -name '*.cc' -o -name '*.h' -o -name build.sh \) -newer "$output")" ]; then
    echo "$output is up to date"
    exit 0
fi

work=$(mktemp -d)
partial=$output.part$$
trap 'rm -rf "$work" "$partial"' EXIT
trap 'exit 1' HUP INT TERM
printf '#include <vector>\nint probe() { return 0; }\n' > "$work/probe.cc"

compiles() { "$@" -shared -fPIC -o "$work/probe.so" "$work/probe.cc" > /dev/null 2>&1; }

venv=${here%/*}/.venv
python=$venv/bin/python
if [ -n "${CXX-}" ]; then
    # $CXX may hold words of its own, such as "ccache g++".
    # shellcheck disable=SC2086
    set -- $CXX
elif compiles c++; then set -- c++
elif compiles g++; then set -- g++
elif compiles clang++; then set -- clang++
elif [ -x "$python" ] && "$python" -c 'import ziglang' 2> /dev/null; then
    # Zig compiles for the very CPU at hand unless told not to. Its cache holds the C++ library,
    # which it compiles at its first use.
    export ZIG_GLOBAL_CACHE_DIR="$venv/zig-cache" ZIG_LOCAL_CACHE_DIR="$venv/zig-cache"
    echo 'compiling with zig; the first time takes a minute or more' >&2
    set -- "$python" -m ziglang c++ -mcpu=baseline
else
    echo 'error: found no C++ compiler that works, need c++, g++, clang++ or the ziglang wheel in' \
        '.venv (Debian: apt-get install g++)' >&2
    exit 3
fi
compiler=$*

sources=
for source in "$here"/*.cc; do
    case $source in
        *_test.cc) ;;
        *) set -- "$@" "$source"; sources=1 ;;
    esac
done
if [ -z "$sources" ] || [ ! -f "$source" ]; then
    echo "error: no C++ sources (*.cc) in $here" >&2
    exit 1
fi

set -- "$@" -std=c++17 -O3 -ffp-contract=off -fPIC -shared -fvisibility=hidden -Wall -Wextra
# The C++ library goes into ours, where the compiler has it so, and stays unseen there: the runtimes
# bring their own.
static='-static-libstdc++ -static-libgcc -Wl,--exclude-libs,ALL'
# shellcheck disable=SC2086
case $compiler in
    *ziglang*) ;;  # It does so by itself.
    *) if compiles $compiler $static; then set -- "$@" $static; fi ;;
esac
# shellcheck disable=SC2086
"$@" ${CXXFLAGS-} -o "$partial"
mv -f "$partial" "$output"
echo "$output: compiled with $compiler"
