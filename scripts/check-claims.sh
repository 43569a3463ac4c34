#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tests that docs/security.md and docs/architecture.md name exist. They are written in
# backquotes as test_file.py::test_function, or as test/unit/LAYER/test_noun.c::function.
cd "$1" || exit 1
rc=0
for claim in $(grep -ohE '`[A-Za-z0-9_/]+\.(py|c)::[A-Za-z0-9_]+`' docs/*.md | tr -d '`' | sort -u); do
    file=${claim%%::*}
    function=${claim##*::}
    case $file in
    test_enroll.py) file=test/enroll/$file pattern="^def $function(" ;;
    *.py) file=test/integration/$file pattern="^def $function(" ;;
    *) pattern="^static void $function(" ;;
    esac
    if ! [ -f "$file" ]; then
        echo "docs: $claim: there is no $file"
        rc=1
    elif ! grep -q "$pattern" "$file"; then
        echo "docs: $claim: there is no such test in $file"
        rc=1
    fi
done
[ $rc = 0 ] && echo "claims: ok"
exit $rc
