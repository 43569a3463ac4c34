#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Install those of the named Debian packages that are missing. No service is started by it.
set -eu

missing=
for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
    exit 0
fi
echo "   installing:$missing"

# Debian asks this program before it starts a service; 101 means no.
policy=/usr/sbin/policy-rc.d
kept=
if [ -e "$policy" ]; then
    kept=$(mktemp)
    cp -p "$policy" "$kept"
fi
restore() {
    if [ -n "$kept" ]; then
        cp -p "$kept" "$policy"
        rm -f "$kept"
    else
        rm -f "$policy"
    fi
}
trap restore EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of package names
if ! { apt-get -q update && apt-get -q -y install --no-install-recommends $missing; } \
    >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log"
    echo "apt-get could not install:$missing (its whole output is in $log)"
    exit 1
fi
rm -f "$log"
