#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual pages are without a warning of the formatter, the one of the module has each directive of
# docs/directives.md, and the one of the store each file of store/store.h.
#
#   check-manuals.sh SOURCE-DIRECTORY MOD_ACME_EAB.8 OTHERS-THAT-ARE-MADE...
source=$1
made=$(realpath "$2") || exit 1
shift
others=$(realpath "$@") || exit 1
cd "$source" || exit 1
rc=0
for name in $(sed -n 's/^## \(ACME[A-Za-z]*\)$/\1/p' docs/directives.md); do
    if ! grep -q "^\.SS $name\$" "$made"; then
        echo "$made: there is no entry for $name"
        rc=1
    fi
done
# " *   accounts/<id>/  key.pem  account.json    store/registration.h": the words before the header.
files=$(sed -n '/^ \*   lock /,/\*\/$/p' mod_acme_eab/store/store.h | sed -e 's/^ \* *//' -e 's|\*/$||' \
    -e 's/[a-z]*\/[a-z_]*\.[ch] *$//' | tr -s ' ' '\n' | sed -e 's|.*/\([^/]\)|\1|' -e 's|/$||' -e 's/->//' | sort -u)
if [ "$(echo "$files" | wc -l)" -lt 10 ]; then
    echo "mod_acme_eab/store/store.h: the list of files was not found"
    rc=1
fi
for folder in $(sed -n 's|^ \*   \([a-z]*\)/<.*|\1|p' mod_acme_eab/store/store.h | sort -u); do
    if ! grep -qF "I $folder/" docs/man/acme-eab-store.5; then
        echo "docs/man/acme-eab-store.5: does not tell of $folder/"
        rc=1
    fi
done
for file in $files; do
    case $file in *'<'* | *'>'* | live | pending | archive | accounts | '') continue ;; esac
    if ! grep -qF "$file" docs/man/acme-eab-store.5; then
        echo "docs/man/acme-eab-store.5: does not tell of $file"
        rc=1
    fi
done
if ! command -v man >/dev/null 2>&1; then
    [ $rc = 0 ] && echo "manuals: ok (not formatted; the package man-db is not here)"
    exit $rc
fi
for page in docs/man/*.[1-8] $others; do
    said=$(LC_ALL=C.UTF-8 MANWIDTH=100 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
    if [ -n "$said" ]; then
        echo "$page: $said"
        rc=1
    fi
done
[ $rc = 0 ] && echo "manuals: ok"
exit $rc
