#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Install those of the named Debian packages that are missing. No service is started by it.
#
# A package from the archive may have been built with newer libraries than an older machine has:
# what is named, and the libraries that it needs, are brought up to the version that apt knows of.
# Where nothing is missing and nothing is older than that, nothing is asked of the network; and
# without a network, older packages are good enough.
set -eu
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

missing_of() {
    for package in "$@"; do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$status" = installed ] || printf ' %s' "$package"
    done
}

# Those of the named packages, and of the libraries that they depend on, that are older than the
# archive's as far as apt knows. What is held stays.
older_of() {
    libraries=$(apt-cache depends --installed --no-recommends --no-suggests \
        --no-conflicts --no-breaks --no-replaces --no-enhances "$@" 2>/dev/null |
        sed -n 's/^ *|\{0,1\}\(Pre\)\{0,1\}Depends: \(lib[^ ]*\)$/\2/p' | sort -u)
    held=$(dpkg --get-selections | awk '$2 == "hold" { sub(/:.*/, "", $1); print $1 }')
    # shellcheck disable=SC2086 # a list of package names
    apt-cache policy "$@" $libraries 2>/dev/null | awk '
        /^[^ ]/ { name = substr($1, 1, length($1) - 1) }
        $1 == "Installed:" { installed = $2 }
        $1 == "Candidate:" && installed != "(none)" && $2 != "(none)" && $2 != installed {
            print name, installed, $2
        }' | sort -u | while read -r name installed candidate; do
        echo "$held" | grep -qxF "$name" && continue
        dpkg --compare-versions "$installed" lt "$candidate" && printf ' %s' "$name"
    done || true
}

missing=$(missing_of "$@")
older=$(older_of "$@")
if [ -z "$missing$older" ]; then
    exit 0
fi

# Debian asks this program before it starts a service; 101 means no.
policy=${EAB_POLICY_RC_D:-/usr/sbin/policy-rc.d}
kept=
if [ -e "$policy" ]; then
    kept=$(mktemp)
    cp -p "$policy" "$kept"
fi
log=$(mktemp)
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

apt() {
    apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::http::Timeout=20 \
        -o Acquire::https::Timeout=20 "$@" >>"$log" 2>&1 </dev/null
}

# install PACKAGE...: nothing is removed for it, and what came as a dependency stays one.
install() {
    automatic=$(apt-mark showauto "$@" 2>/dev/null) || automatic=
    apt -y install --no-install-recommends --no-remove "$@" || return
    # shellcheck disable=SC2086
    [ -z "$automatic" ] || apt-mark auto $automatic >>"$log" 2>&1 || true
}

apt update || true # one of several sources may be out of reach
# shellcheck disable=SC2086
older=$(older_of "$@" $missing)
[ -z "$missing" ] || echo "   installing:$missing"
[ -z "$older" ] || echo "   bringing up to date:$older"
# What is missing brings libraries of its own, of which there may be older ones here.
# shellcheck disable=SC2086
if install $missing $older; then
    older=$(older_of "$@")
    [ -z "$older" ] || install $older || true
elif [ -z "$missing" ]; then
    echo "   apt-get could not do that; going on with what is there (its output is in $log)"
    exit 0
elif ! install $missing; then
    tail -n 30 "$log"
    echo "apt-get could not install:$missing (its whole output is in $log)"
    exit 1
fi
rm -f "$log"
