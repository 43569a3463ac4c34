#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Everything that is checked, on a fresh Debian machine: the build with two compilers and warnings
# as errors, unit tests with AddressSanitizer and UBSan, and the integration tests against a
# real httpd and a real CA. Nothing outside a scratch directory is changed, apart from Debian
# packages that are missing or too old. When something fails, its logs stay, and the end says where.
#
#   ./check.sh         all but the packages
#   ./check.sh --full  the packages too, on fresh machines (scripts/fresh-machine)
set -eu

full=no
case "${1:-}" in
--full) full=yes ;;
'') ;;
*)
    echo "usage: $0 [--full]" >&2
    exit 2
    ;;
esac

if [ "$(id -u)" != 0 ]; then
    echo "Please run this as root: it installs Debian packages, and the tests start httpd as root." >&2
    exit 1
fi
if ! command -v apt-get >/dev/null; then
    echo "This check installs what it needs with apt-get, which is not here. docs/install.md says how to build elsewhere." >&2
    exit 1
fi

source=$(cd "$(dirname "$0")" && pwd)
began=$(date +%s)

say() {
    printf '[%4d s] %s\n' $(($(date +%s) - began)) "$*"
}

scratch=$(mktemp -d /tmp/mod-acme-eab-check.XXXXXX)
chmod 755 "$scratch" # httpd's workers and "nobody" look into it
logs=$scratch/logs   # a directory for each part of the run; scripts/summary.sh says what is in it
mkdir "$logs"
running= # "PID=PART" of what runs in the background

stop_running() {
    for one in $running; do
        kill "${one%%=*}" 2>/dev/null || true
    done
    for one in $running; do
        wait "${one%%=*}" 2>/dev/null || true
    done
    running=
}

# It has ended, and its pid may be another process's.
forget() {
    others=
    for other in $running; do
        [ "$other" = "$1" ] || others="$others $other"
    done
    running=$others
}

# However it ends, the logs of what failed stay.
clean_up() {
    trap - EXIT INT TERM HUP
    stop_running
    cd /
    if cat "$logs"/*/failures >/dev/null 2>&1; then
        find "$scratch" -mindepth 1 -maxdepth 1 ! -name logs -exec rm -rf {} +
    else
        rm -rf "$scratch"
    fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The counts of all, and what failed. Ends the run.
finish() {
    stop_running
    if sh "$source/scripts/summary.sh" "$logs" >"$scratch/summary"; then
        say "Everything passed"
        code=0
    else
        say "FAILED. All logs are in $logs"
        code=1
    fi
    cat "$scratch/summary"
    exit $code
}

# logs_of PART: the directory of its logs, made.
logs_of() {
    mkdir -p "$logs/$1"
    echo "$logs/$1"
}

# broken PART WHAT REASON LOG: count a failure that is not one of a test.
broken() {
    printf '%s\t%s\t%s\n' "$2" "$3" "$4" >>"$(logs_of "$1")/failures"
    echo "0 1 0" >>"$(logs_of "$1-broken")/counts"
}

# Run a command with its output in a log; nothing can go on when it fails: must PART NAME COMMAND...
must() {
    part=$1
    what=$2
    log=$(logs_of "$1")/$2.log
    shift 2
    if ! "$@" >"$log" 2>&1; then
        reason=$(grep -m 1 -iE 'error|cannot|could not' "$log" || tail -n 1 "$log")
        broken "$part" "$part, $what" "$reason" "$log"
        finish
    fi
}

# alone NAME COMMAND...: one check, which counts as one.
alone() {
    name=$1
    shift
    log=$(logs_of "$name")/$name.log
    if "$@" >"$log" 2>&1; then
        echo "1 0 0" >"$logs/$name/counts"
    else
        broken "$name" "$name" "$(grep -m 1 -E 'FAILED|[Ee]rror|expected' "$log" || tail -n 1 "$log")" "$log"
    fi
}

# build NAME PREFIX CONFIGURE-ARGUMENTS...: configure and compile in a directory of its own.
build() {
    name=$1
    prefix=$2
    shift 2
    mkdir "$scratch/$name"
    cd "$scratch/$name"
    must "$name" configure "$scratch/source/configure" --enable-werror --prefix="$prefix" \
        --with-module-dir="$prefix/modules" "$@"
    must "$name" make nice make -j"$(nproc)"
}

# checks NAME: what the sources and documents are held against, in that build.
checks() {
    cd "$scratch/$1"
    kept=$(logs_of "$1")
    if ! make -k check-local >"$kept/checks.log" 2>&1; then
        broken "$1" "make check-local ($1)" "$(grep -m 1 -E '\*\*\*|rror:' "$kept/checks.log" || true)" "$kept/checks.log"
    fi
    sed -n 's/^[a-z]*: /         &/p' "$kept/checks.log" | grep -v '^ *make: ' || true
}

# unit_tests NAME: those of that build. Each program counts as one test.
unit_tests() {
    cd "$scratch/$1"
    kept=$(logs_of "$1")
    tested=$1
    failed=0
    passed=0
    make -k -j$((2 * $(nproc))) check-unit >"$kept/check.log" 2>&1 && code=0 || code=$?
    for trs in $(find test -name '*.trs'); do
        if grep -q '^:test-result: PASS' "$trs"; then
            passed=$((passed + 1))
            continue
        fi
        failed=$((failed + 1))
        log=${trs%.trs}.log
        copy=$kept/$(echo "${log#test/unit/}" | tr / -)
        cp "$log" "$copy"
        reason=$(grep -m 1 -E '\[ +ERROR +\]|ERROR: |rror: |FAILED' "$log" || tail -n 1 "$log")
        printf '%s\t%s\t%s\n' "$tested ${log%.log}" "$reason" "$copy" >>"$kept/failures"
    done
    echo "$passed $failed 0" >"$kept/counts"
    if [ "$code" != 0 ] && [ "$failed" = 0 ]; then
        broken "$tested" "make check-unit ($tested)" "$(grep -m 1 -E '\*\*\*|rror:' "$kept/check.log" || true)" "$kept/check.log"
    fi
    grep -E "^# (TOTAL|PASS|FAIL|ERROR):" "$kept/check.log" | sed 's/^/         /' || true
}

# Tests in the background, with their output in a log: start_pytest PART PREFIX PYTEST-ARGUMENTS...
# Those of which the names differ only in what follows a "-" share their tests.
start_pytest() {
    kept=$(logs_of "$1")
    (
        cd "$scratch/source/test"
        export EAB_PROBE="$scratch/gcc/mod_eab_probe.so" EAB_STEPS="$scratch/gcc/eab_steps.so"
        export EAB_HANDSHAKES="$scratch/gcc/eab_handshakes"
        export EAB_MODULE="$2/modules/mod_acme_eab.so" EAB_LOGS="$kept"
        export EAB_CLAIMS="$scratch/claims/${1%%-*}"
        mkdir -p "$EAB_CLAIMS"
        base=$scratch/$1-tmp
        shift 2
        exec /usr/bin/python3 -B -m pytest -q -p no:cacheprovider --durations=3 --tb=short \
            --basetemp="$base" "$@" >"$kept/pytest.log" 2>&1
    ) &
    running="$running $!=$1"
}

# Wait for all of them, and show the last line of each. Who ended badly without a failed test has
# failed as a whole.
await_pytests() {
    for one in $running; do
        name=${one#*=}
        kept=$logs/$name
        wait "${one%%=*}" && code=0 || code=$?
        forget "$one"
        last=$(tail -n 1 "$kept/pytest.log")
        if [ "$code" != 0 ] && [ ! -s "$kept/failures" ] || [ ! -s "$kept/counts" ]; then
            broken "$name" "$name: pytest ended with status $code" "$last" "$kept/pytest.log"
        fi
        say "$name: $last"
        grep -E '^ *[0-9.]+s (call|setup|teardown) ' "$kept/pytest.log" | sed 's/^/         /' || true
    done
}

say "Looking for packages that are missing or too old"
must packages apt sh "$source/scripts/install-packages.sh" \
    apache2-bin apache2-dev apache2-utils apparmor pebble faketime openssl procps tar util-linux man-db \
    gcc libc6-dev clang clang-format make autoconf automake pkg-config xz-utils cmark-gfm git \
    libapr1-dev libaprutil1-dev libssl-dev libcurl4-openssl-dev libjansson-dev libcmocka-dev \
    certbot lego dehydrated prometheus \
    bind9 bind9-utils bind9-dnsutils python3 python3-pytest python3-cryptography
sed 's/^/         /' "$logs/packages/apt.log"

say "Copying the sources to $scratch"
must sources copy sh "$source/scripts/copy-sources.sh" "$source" "$scratch/source"

# The tests mostly wait for something: they run side by side, and beside what is built meanwhile.
say "Testing the simulated CA and the harness"
start_pytest ca "$scratch/none" ca harness

say "Building with gcc, warnings as errors"
build gcc "$scratch/prefix" CC=gcc
must gcc install make install
must gcc libraries make mod_eab_probe.so eab_steps.so eab_handshakes

# Most of the time they wait.
say "Integration tests, by six that share them"
for sixth in 1 2 3 4 5 6; do
    start_pytest "integration-$sixth" "$scratch/prefix" integration
done

say "The program for enrolment, against managers that are simulated"
start_pytest enroll "$scratch/prefix" enroll

say "Layers, headers, format, documents"
checks gcc

say "Building with clang, warnings as errors"
build clang "$scratch/sanitized" CC=clang CFLAGS='-g0 -O1'
must clang install make install

say "Building with AddressSanitizer and UBSan"
build sanitizers "$scratch/sanitized" CC=gcc CFLAGS='-g1 -O1' --enable-sanitizers
# Keeper and agent with sanitizers, started by a module without: httpd itself has none.
must sanitizers install make install-libexecPROGRAMS
must sanitizers unit-tests nice make -j"$(nproc)" check-unit TESTS=
await_pytests

# They wait, too: beside them the unit tests.
say "Some accidents, and a selection of the integration tests with the sanitized keeper and agent"
start_pytest accidents "$scratch/prefix" accidents
for half in 1 2; do
    start_pytest "sanitized-$half" "$scratch/sanitized" -m smoke integration
done

say "Unit tests with AddressSanitizer and UBSan"
unit_tests sanitizers
await_pytests

if [ "$full" = yes ]; then
    say "The SELinux policy, within a whole one"
    must packages apt-selinux sh "$source/scripts/install-packages.sh" \
        selinux-policy-default selinux-policy-dev semodule-utils policycoreutils setools
    alone selinux sh "$source/scripts/check-selinux.sh" "$source"

    say "All sources against musl"
    must packages apt-musl sh "$source/scripts/install-packages.sh" musl-tools
    alone musl make -C "$scratch/gcc" check-musl

    must packages apt-full sh "$source/scripts/install-packages.sh" debootstrap iproute2
    for release in bookworm trixie; do
        say "Packages of Debian $release, on a machine that has never seen them"
        packages=$scratch/packages-$release
        alone "machine-$release" env EAB_PACKAGES="$packages" "$source/scripts/fresh-machine" "$release"
        [ ! -d "$packages/now" ] || alone "reproducible-$release" env DEB_BUILD_OPTIONS='nocheck noautodbgsym' \
            "$source/scripts/in-debian" "$release" sh scripts/check-reproducible.sh "$packages/now"
    done
fi
finish
