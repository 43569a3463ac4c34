#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The sources are as clang-format 14 would write them ("make format" does it).
cd "$1" || exit 1
if ! "$CLANG_FORMAT" --version 2>/dev/null | grep -q 'version 14\.'; then
    echo "format: not checked, clang-format 14 is not installed"
    exit 0
fi
find mod_acme_eab include test -name '*.[ch]' -print0 |
    xargs -0 "$CLANG_FORMAT" --dry-run -Werror || exit 1
echo "format: ok"
