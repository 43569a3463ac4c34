#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual pages are without a warning of the formatter.
cd "$1" || exit 1
if ! command -v man >/dev/null 2>&1; then
    echo "manuals: not looked at; the package man-db is not here"
    exit 0
fi
rc=0
for page in docs/man/*.[1-8]; do
    said=$(LC_ALL=C.UTF-8 MANWIDTH=100 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
    if [ -n "$said" ]; then
        echo "$page: $said"
        rc=1
    fi
done
[ $rc = 0 ] && echo "manuals: ok"
exit $rc
