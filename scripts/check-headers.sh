#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every header compiles alone.
cd "$1" || exit 1
rc=0
for h in mod_acme_eab/*/*.h include/*.h; do
    [ -f "$h" ] || continue
    printf '#include "%s"\n' "$PWD/$h" |
        $CC -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -Imod_acme_eab -Iinclude $CPPFLAGS -x c - ||
        { echo "$h does not compile alone"; rc=1; }
done
[ $rc = 0 ] && echo "headers: each compiles alone"
exit $rc
