#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make the Debian packages of a source tree, on this Debian, as a release is made: from what "make dist"
# gives. debian-packages.sh SOURCES TO
# Errors and warnings of lintian make it fail.
#
# TO gets the packages, their source package, and the log.
set -eu
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
source=$(cd "$1" && pwd)
mkdir -p "$2"
to=$(cd "$2" && pwd)
scripts=$(cd "$(dirname "$0")" && pwd)

sh "$scripts/install-packages.sh" apache2-dev autoconf automake build-essential cmark-gfm debhelper devscripts \
    dh-apache2 dh-apparmor dpkg-dev \
    fakeroot libapr1-dev libaprutil1-dev libcmocka-dev libcurl4-openssl-dev libjansson-dev \
    libssl-dev lintian pkgconf po-debconf tar xz-utils

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

run() {
    if ! "$@" >>"$to/build.log" 2>&1; then
        tail -n 30 "$to/build.log"
        echo "$0: $1 failed; its whole output is in $to/build.log" >&2
        exit 1
    fi
}
: >"$to/build.log"
run sh "$scripts/copy-sources.sh" "$source" "$scratch/source"
cd "$scratch/source"
run ./configure --with-module-dir=/usr/lib/apache2/modules
run make dist
version=$(sed -n 's/^AC_INIT(\[mod_acme_eab\], \[\(.*\)\])$/\1/p' configure.ac)
cd "$scratch"
tar -xf "source/mod_acme_eab-$version.tar.xz"
cd "mod_acme_eab-$version"
run nice dpkg-buildpackage -us -uc
cd ..
run lintian --fail-on error,warning ./*.changes
mv ./*.deb ./*.dsc ./*.tar.xz ./*.changes ./*.buildinfo "$to"
