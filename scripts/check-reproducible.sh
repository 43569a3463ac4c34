#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Packages that scripts/debian-packages.sh has made come out the same, byte for byte, when they are built again
# from their source package: in another directory, at another time, with another umask, locale, time zone and home.
#
#   check-reproducible.sh PACKAGES
#
# DEB_BUILD_OPTIONS as for the first build. What differs stays in PACKAGES/again.
set -eu
packages=$(cd "$1" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

elsewhere="$scratch/another place/for a second build"
elsewhere=$(echo "$elsewhere" | tr ' ' -)
mkdir -p "$elsewhere" "$scratch/home"
cd "$elsewhere"
dpkg-source -x "$packages"/*.dsc source >extract.log 2>&1
cd source
umask 077
if ! env HOME="$scratch/home" LC_ALL=C LANG=C TZ=Pacific/Kiritimati nice dpkg-buildpackage -b -us -uc >../build.log 2>&1; then
    tail -n 30 ../build.log
    exit 1
fi
rc=0
compared=0
for package in "$packages"/*.deb; do
    name=${package##*/}
    if ! cmp "$package" "../$name"; then
        mkdir -p "$packages/again"
        cp "../$name" "$packages/again/"
        echo "$name is another one when it is built again: diffoscope $package $packages/again/$name"
        rc=1
    fi
    compared=$((compared + 1))
done
[ "$compared" -ge 3 ] || {
    echo "$packages has $compared packages, and there should be three at least"
    rc=1
}
[ $rc = 0 ] && echo "$compared packages are the same when they are built again"
exit $rc
