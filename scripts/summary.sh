#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The end of a run that consists of parts: what failed, where its log is, and last the counts of all
# parts together. At most 60 lines. Fails when something has failed.
#
#   summary.sh DIRECTORY
#
# The directory has one for each part, in which may be
#   counts    a line with three numbers: passed, failed, skipped
#   failures  a line for each that failed: its name, the reason, its log, with tabs in between
#   machine   lines that httpd writes on this machine without the module too
set -eu
cd "$1"
shown=25  # failures, of two lines each
width=200 # characters of a line

cat ./*/machine 2>/dev/null | sort -u | head -n 5 | {
    read -r first || exit 0
    echo "httpd says this on this machine without the module too; no test failed for it:"
    { echo "$first"; cat; } | cut -c "1-$width" | sed 's/^/   /'
}

cat ./*/failures 2>/dev/null | awk -F '\t' -v shown=$shown -v width=$width -v directory="$PWD" '
    NR <= shown {
        print substr("FAILED " $1 ": " $2, 1, width)
        print "       " $3
    }
    END {
        if (NR > shown)
            printf "and %d more; %s/*/failures has them all\n", NR - shown, directory
    }'

cat ./*/counts 2>/dev/null | awk '
    { passed += $1; failed += $2; skipped += $3 }
    END {
        printf "%d passed, %d failed", passed, failed
        if (skipped)
            printf ", %d skipped", skipped
        print ""
        exit failed > 0 || passed == 0
    }'
