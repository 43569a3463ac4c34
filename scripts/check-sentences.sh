#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What docs/troubleshooting.md quotes (lines that begin with ">") is what the programs say: each piece of
# it, "..." apart, is in a string of the source. What httpd itself says begins with AH and a number.
cd "$1" || exit 1
page=docs/troubleshooting.md
strings=$(mktemp) || exit 1
trap 'rm -f "$strings"' EXIT
# A string that goes on in the next line is one.
cat mod_acme_eab/*/*.c | sed 's/^ *"/"/' | tr '\n' '\f' | sed 's/" *\f"//g; s/\\"/"/g' | tr '\f' '\n' >"$strings"
awk '
    function judge(    n, i, pieces, rest) {
        if (quote == "" || quote ~ /^AH[0-9]/) {
            quote = ""
            return
        }
        ++count
        gsub(/`/, "", quote)
        n = split(quote, pieces, /\.\.\./)
        for (i = 1; i <= n; ++i) {
            gsub(/^[ .,:]+|[ ]+$/, "", pieces[i])
            if (pieces[i] != "" && !index(text, pieces[i])) {
                print page ": no program says \"" pieces[i] "\""
                bad = 1
            }
        }
        quote = ""
    }
    FNR == NR { text = $0; next }
    /^> / { quote = quote (quote == "" ? "" : " ") substr($0, 3); next }
    { judge() }
    END {
        judge()
        if (count < 20) {
            print page ": the sentences were not found"
            bad = 1
        }
        exit bad
    }
' page=$page RS='\001' "$strings" RS='\n' $page || exit 1
echo "sentences: ok"
