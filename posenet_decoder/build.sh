#!/bin/sh
# Compiles the decoder to posenet_decoder.so beside this script (posenet_decoder.dylib on macOS),
# unless that is newer than its sources:
#
#     sh posenet_decoder/build.sh [OUTPUT]
#     sh posenet_decoder/build.sh --target aarch64-linux-gnu.2.17 OUTPUT
#
#   --target  compile for another machine, which zig names like this
#   --find    compile nothing, only look for a compiler
#   --help    show this and exit
#
# The compiler is $CXX, else the first of c++, g++ and clang++ that works, else the ziglang wheel of
# $ZIG_PYTHON, which is by default that of .venv. For another machine it is always zig. $CXXFLAGS are
# added to the flags; with them it is always compiled. Exit status: 3 when no compiler was found.
set -eu

target=
find=
case ${1-} in
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0"; exit 0 ;;
    --find) find=1; shift ;;
    --target)
        target=${2-}
        if [ $# -ne 3 ]; then
            echo "error: expected --target TARGET OUTPUT" >&2
            exit 2
        fi
        shift 2 ;;
    -*) echo "error: got the option $1, expected the path of the output or nothing" >&2; exit 2 ;;
esac
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
ending=so
[ "$(uname -s 2> /dev/null)" != Darwin ] || ending=dylib
output=${1-$here/posenet_decoder.$ending}

if [ -z "${CXXFLAGS-}$target$find" ] && [ -f "$output" ] && [ -z "$(find "$here" -maxdepth 1 \
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
python=${ZIG_PYTHON-$venv/bin/python}
has_zig() { command -v "$python" > /dev/null && "$python" -c 'import ziglang' 2> /dev/null; }
# By default zig compiles for the very CPU of this machine, hence -mcpu. Its cache holds the C++
# library, which it compiles at its first use.
use_zig() {
    cache=$venv/zig-cache
    [ -d "$venv" ] || cache=${XDG_CACHE_HOME:-${HOME:-$work}/.cache}/zig
    export ZIG_GLOBAL_CACHE_DIR="${ZIG_GLOBAL_CACHE_DIR:-$cache}"
    export ZIG_LOCAL_CACHE_DIR="$ZIG_GLOBAL_CACHE_DIR"
    [ -n "$find" ] || echo 'compiling with zig; the first time takes a minute or more' >&2
}

if [ -z "$target" ] && [ -n "${CXX-}" ]; then
    # $CXX may hold words of its own, such as "ccache g++".
    # shellcheck disable=SC2086
    set -- $CXX
elif [ -z "$target" ] && compiles c++; then set -- c++
elif [ -z "$target" ] && compiles g++; then set -- g++
elif [ -z "$target" ] && compiles clang++; then set -- clang++
elif has_zig; then
    use_zig
    set -- "$python" -m ziglang c++ ${target:+-target "$target"} -mcpu=baseline -s
else
    need='c++, g++, clang++ or the ziglang wheel in .venv (Debian: apt-get install g++)'
    [ -z "$target" ] || need="the ziglang wheel in $python"
    echo "error: found no C++ compiler that works${target:+ for $target}, need $need" >&2
    exit 3
fi
compiler=$*
if [ -n "$find" ]; then
    echo "$compiler"
    exit 0
fi

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

set -- "$@" -std=c++17 -O3 -ffp-contract=off -shared -fvisibility=hidden -Wall -Wextra
case $target in
    *windows*) ;;  # All code there is independent of its position.
    *) set -- "$@" -fPIC ;;
esac
# The C++ library is linked statically, where the compiler has a static one, and stays hidden: the
# runtimes bring their own.
static='-static-libstdc++ -static-libgcc -Wl,--exclude-libs,ALL'
# shellcheck disable=SC2086
case $compiler in
    *ziglang*)  # Zig links it statically by itself.
        echo '{ global: posenet_*; tflite_plugin_*; local: *; };' > "$work/exports"
        hide=-Wl,--version-script=$work/exports
        if compiles $compiler "$hide"; then set -- "$@" "$hide"; fi ;;
    *) if compiles $compiler $static; then set -- "$@" $static; fi ;;
esac
# shellcheck disable=SC2086
"$@" ${CXXFLAGS-} -o "$partial"
mv -f "$partial" "$output"
echo "$output: compiled with $compiler"
