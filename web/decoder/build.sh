#!/bin/sh
# Compiles the decoder and the fitting of images to decoder.wasm beside this script:
#
#     pip install ziglang==0.17.1
#     sh web/decoder/build.sh [OUTPUT]
#
# The compiler is the ziglang wheel of $ZIG_PYTHON, which is by default python3. The same version of it
# writes the same bytes anywhere. Exit status: 3 when there is no zig.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
output=${1-$here/decoder.wasm}
python=${ZIG_PYTHON-python3}
if ! "$python" -c 'import ziglang' 2> /dev/null; then
    echo "error: no ziglang in $python: $python -m pip install ziglang" >&2
    exit 3
fi
case $output in
    /*) ;;
    *) output=$PWD/$output ;;
esac
cd "$here/../.."  # the paths of sources must not depend on where the checkout lies
"$python" -m ziglang c++ -target wasm32-wasi -mexec-model=reactor -mcpu=baseline -std=c++17 -O3 \
    -flto -ffp-contract=off -fno-exceptions -fno-rtti -fvisibility=hidden -Wall -Wextra -s \
    -Wl,--strip-all web/decoder/wasm.cc web/decoder/fit.cc posenet_decoder/decoder.cc \
    posenet_decoder/checks.cc -o "$output.part"
mv -f "$output.part" "$output"
echo "$output: compiled with zig $("$python" -m ziglang version)"
