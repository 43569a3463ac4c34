#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/operations.md has a paragraph for each type of problem in policy/problem.c and for no other, and
# names commands of acmectl and directives that there are.
cd "$1" || exit 1
page=docs/operations.md
told=$(mktemp) && there=$(mktemp) || exit 1
trap 'rm -f "$told" "$there"' EXIT
sed -n '/^## Problems$/,$s/^### //p' $page | sort >"$told"
{
    sed -n 's/^    { ACME_ERROR "\([A-Za-z]*\)".*/\1/p' mod_acme_eab/policy/problem.c
    for name in $(sed -n 's/^    { \(EAB_PROBLEM_[A-Z_]*\),.*/\1/p' mod_acme_eab/policy/problem.c | sort -u); do
        tr '\n' ' ' <mod_acme_eab/base/result.h |
            sed -n "s/.*#define $name [\\ ]*EAB_PROBLEM \"\([A-Za-z]*\)\".*/\1\n/p"
    done
} | sort -u >"$there"
rc=0
if [ "$(wc -l <"$there")" -lt 50 ]; then
    echo "mod_acme_eab/policy/problem.c: the table of problems was not found"
    rc=1
fi
for name in $(comm -13 "$told" "$there"); do
    echo "$page: there is no paragraph for the problem $name"
    rc=1
done
for name in $(comm -23 "$told" "$there"); do
    echo "$page: there is no problem $name"
    rc=1
done
for command in $(grep -oE 'acmectl [a-z]+' $page | cut -d ' ' -f 2 | sort -u); do
    if ! grep -q "&command_$command\b" mod_acme_eab/cli/table.c; then
        echo "$page: there is no acmectl $command"
        rc=1
    fi
done
for directive in $(grep -oE 'ACME[A-Z][A-Za-z]+' $page | sort -u); do
    if ! grep -q -e "^## $directive\$" -e "^<$directive " docs/directives.md; then
        echo "$page: there is no directive $directive"
        rc=1
    fi
done
[ $rc = 0 ] && echo "operations: ok"
exit $rc
