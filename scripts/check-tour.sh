#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tour of the source names each source file, and no other. A row of the tour begins with the names of its
# files in backquotes, and stands below a heading with the folder: ## `mod_acme_eab/base/`
cd "$1" || exit 1
told=$(mktemp) && there=$(mktemp) || exit 1
trap 'rm -f "$told" "$there"' EXIT
awk '
    /^#/ { folder = ""; if (match($0, /`[a-z_]+\/([a-z_]+\/)?`/)) folder = substr($0, RSTART + 1, RLENGTH - 2) }
    folder != "" && /^\| `/ {
        split($0, columns, "|")
        n = split(columns[2], words, "`")
        for (i = 2; i <= n; i += 2) print folder words[i]
    }' docs/tour.md | sort >"$told"
for file in mod_acme_eab/*/*.[ch] include/*.h; do
    echo "$file"
done | sort >"$there"
rc=0
for file in $(comm -13 "$told" "$there"); do
    echo "docs/tour.md: the tour does not tell of $file"
    rc=1
done
for file in $(comm -23 "$told" "$there"); do
    echo "docs/tour.md: the tour tells of $file, which does not exist"
    rc=1
done
[ $rc = 0 ] && echo "tour: ok"
exit $rc
