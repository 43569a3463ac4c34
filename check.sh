#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Everything that is checked, on a fresh Debian machine: the build with two compilers and warnings
# as errors, unit tests, also with AddressSanitizer and UBSan, and the integration tests against a
# real httpd and a real CA. Nothing outside a scratch directory is changed, apart from Debian
# packages that are missing.
set -eu

if [ "$(id -u)" != 0 ]; then
    echo "Please run this as root: it installs Debian packages, and the tests start httpd as root." >&2
    exit 1
fi
if ! command -v apt-get >/dev/null; then
    echo "This check installs what it needs with apt-get, which is not here. README.md says how to build elsewhere." >&2
    exit 1
fi

source=$(cd "$(dirname "$0")" && pwd)
began=$(date +%s)

say() {
    printf '[%4d s] %s\n' $(($(date +%s) - began)) "$*"
}

scratch=$(mktemp -d /tmp/mod-acme-eab-check.XXXXXX)
chmod 755 "$scratch" # httpd's workers and "nobody" look into it
pids= # of what runs in the background
logs=

clean_up() {
    trap - EXIT INT TERM HUP
    for pid in $pids; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in $pids; do
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Run a command with its output in a log that is shown only on failure: quietly NAME COMMAND...
quietly() {
    log=$scratch/$1.log
    shift
    if ! "$@" >"$log" 2>&1; then
        cat "$log"
        say "FAILED: $*"
        exit 1
    fi
}

# build NAME PREFIX CONFIGURE-ARGUMENTS...: configure and compile in a directory of its own.
build() {
    name=$1
    prefix=$2
    shift 2
    mkdir "$scratch/$name"
    cd "$scratch/$name"
    quietly "$name-configure" "$scratch/source/configure" --enable-werror --prefix="$prefix" \
        --with-module-dir="$prefix/modules" "$@"
    quietly "$name-make" make -j"$(nproc)"
}

# unit_tests NAME: make check in that build, and its summary.
unit_tests() {
    cd "$scratch/$1"
    if ! make -j"$(nproc)" check >"$scratch/$1-check.log" 2>&1; then
        cat "$scratch/$1-check.log"
        [ -f test-suite.log ] && cat test-suite.log
        say "FAILED: make check ($1)"
        exit 1
    fi
    checks='headers|layers|format|tour|directives|claims'
    grep -E "^# (TOTAL|PASS|FAIL|ERROR):|^($checks):" "$scratch/$1-check.log" |
        sed 's/^/         /'
}

say "Looking for packages that are missing"
sh "$source/scripts/install-packages.sh" \
    apache2-bin apache2-dev apache2-utils pebble faketime openssl procps tar util-linux \
    gcc libc6-dev clang clang-format make autoconf automake libtool pkg-config xz-utils \
    libapr1-dev libaprutil1-dev libssl-dev libcurl4-openssl-dev libjansson-dev libcmocka-dev \
    bind9 bind9-utils bind9-dnsutils python3 python3-pytest python3-cryptography

say "Copying the sources to $scratch"
quietly copy sh "$source/scripts/copy-sources.sh" "$source" "$scratch/source"

say "Building with gcc, warnings as errors"
build gcc "$scratch/prefix" CC=gcc
say "Unit tests, and the checks of layers, headers and format"
unit_tests gcc
quietly gcc-install make install

say "Building with clang, warnings as errors"
build clang "$scratch/sanitized" CC=clang
quietly clang-install make install

say "Building with AddressSanitizer and UBSan"
build sanitizers "$scratch/sanitized" CC=gcc --enable-sanitizers
say "Unit tests with AddressSanitizer and UBSan"
unit_tests sanitizers
# Keeper and agent with sanitizers, started by a module without: httpd itself has none.
quietly sanitizers-install make install-libexecPROGRAMS

# Tests in the background, with their output in a log:
# start_pytest LOG MODULE SHARE PYTEST-ARGUMENTS...
start_pytest() {
    log=$scratch/$1
    logs="$logs $log"
    (
        cd "$scratch/source/test"
        export EAB_PROBE="$scratch/gcc/.libs/mod_eab_probe.so" EAB_MODULE="$2" EAB_SHARE="$3"
        export EAB_STEPS="$scratch/gcc/.libs/eab_steps.so"
        shift 3
        exec /usr/bin/python3 -B -m pytest -q -p no:cacheprovider --durations=3 "$@" >"$log" 2>&1
    ) &
    pids="$pids $!"
}

# The tests mostly wait for something, so several runs go side by side.
start_pytest ca.log "$scratch/prefix/modules/mod_acme_eab.so" 1/1 ca harness
start_pytest accidents.log "$scratch/prefix/modules/mod_acme_eab.so" 1/1 accidents
say "Integration tests: all in three parts, the simulated CA itself, some accidents, and a selection with the sanitized keeper and agent"
start_pytest sanitized.log "$scratch/sanitized/modules/mod_acme_eab.so" 1/1 -m smoke integration
for part in 1 2 3; do
    start_pytest "part-$part.log" "$scratch/prefix/modules/mod_acme_eab.so" "$part/3" integration
done
failed=no
for pid in $pids; do
    wait "$pid" || failed=yes
done
pids=
for log in $logs; do
    cat "$log"
done
if [ "$failed" = yes ]; then
    say "FAILED: integration tests"
    exit 1
fi
