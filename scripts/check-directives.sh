#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/directives.md has an entry for each directive of the module's table, and for no other.
cd "$1" || exit 1
told=$(mktemp) && there=$(mktemp) || exit 1
trap 'rm -f "$told" "$there"' EXIT
sed -n 's/^## \(ACME[A-Za-z]*\)$/\1/p' docs/directives.md | sort >"$told"
sed -n '/^const command_rec config_commands/,/^};/s/.*"\(ACME[A-Za-z]*\)".*/\1/p' \
    mod_acme_eab/httpd/config.c | sort >"$there"
rc=0
if [ "$(wc -l <"$there")" -lt 10 ]; then
    echo "mod_acme_eab/httpd/config.c: the table of directives was not found"
    rc=1
fi
for name in $(comm -13 "$told" "$there"); do
    echo "docs/directives.md: there is no entry for $name"
    rc=1
done
for name in $(comm -23 "$told" "$there"); do
    echo "docs/directives.md: there is no directive $name"
    rc=1
done
# The presets, with their URLs.
for row in $(sed -n 's/^    { "\([a-z-]*\)", "\(https:[^"]*\)" },$/\1=\2/p' mod_acme_eab/httpd/value.c); do
    if ! grep -qF "| \`${row%%=*}\` | \`${row#*=}\` |" docs/directives.md; then
        echo "docs/directives.md: the preset ${row%%=*} is missing or has another URL"
        rc=1
    fi
done
# Each example is shipped.
for example in conf/* conf/*/*; do
    [ -d "$example" ] && continue
    if ! grep -q "^dist_[a-z]*_.*$example" Makefile.am; then
        echo "Makefile.am: $example is not installed"
        rc=1
    fi
done
# Each entry has the same three lines first.
awk '
    function finish() {
        if (name != "" && seen != "Syntax Default Context ") {
            print "docs/directives.md: " name " does not begin with Syntax, Default and Context"
            bad = 1
        }
        if (name != "" && !example) {
            print "docs/directives.md: " name " has no example"
            bad = 1
        }
    }
    /^## / { finish(); name = /^## ACME/ ? $2 : ""; seen = ""; example = 0 }
    match($0, /^- (Syntax|Default|Context): /) { seen = seen substr($2, 1, length($2) - 1) " " }
    /^```apache/ { example = 1 }
    END { finish(); exit bad }' docs/directives.md || rc=1
[ $rc = 0 ] && echo "directives: ok"
exit $rc
