#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make a small site of the documents: documents-to-html.sh SOURCES TO
#
# CMARK is cmark-gfm. The same sources give the same bytes. In TO are a page for each document, all in one
# folder, the picture, and a stylesheet; links to examples lead to ../examples, where they are installed.
set -eu
export LC_ALL=C
source=$1
to=$2
cmark=${CMARK:-cmark-gfm}
if ! command -v "$cmark" >/dev/null; then
    echo "$0: cmark-gfm is needed to make HTML of the documents (Debian's package cmark-gfm)." >&2
    exit 1
fi
rm -rf "$to"
mkdir -p "$to"
cp "$source/docs/status-page.png" "$source/docs/style.css" "$to"
for document in "$source"/README.md "$source"/C*.md "$source"/SECURITY.md "$source"/docs/*.md; do
    page=$(basename "$document" .md).html
    sed '/^<!-- .* -->$/d' "$document" | "$cmark" --extension table | awk -v page="$page" '
        # As GitHub does; see scripts/check-links.sh.
        function anchor(heading,    name) {
            name = heading
            gsub(/<[^>]*>/, "", name)
            gsub(/&[a-z]+;/, "", name)
            name = tolower(name)
            gsub(/[^a-z0-9 _-]/, "", name)
            gsub(/ /, "-", name)
            if (name in seen)
                return name "-" seen[name]++
            seen[name] = 1
            return name
        }
        # Where a link of the sources leads in the site.
        function leads(target,    fragment) {
            if (target ~ /^[a-z]+:/ || target ~ /^#/)
                return target
            fragment = ""
            if (match(target, /#.*/)) {
                fragment = substr(target, RSTART)
                target = substr(target, 1, RSTART - 1)
            }
            while (sub(/^\.\.\//, "", target))
                ;
            sub(/^docs\//, "", target)
            if (target == "LICENSE")
                return "https://www.apache.org/licenses/LICENSE-2.0"
            if (target ~ /^conf\//)
                sub(/^conf\//, "../examples/", target)
            sub(/\.md$/, ".html", target)
            return target fragment
        }
        /<!-- raw HTML omitted -->/ {
            print page ": there is HTML in the document, or a < that is not in backquotes" >"/dev/stderr"
            bad = 1
        }
        {
            out = ""
            while (match($0, /(href|src)="[^"]*"/)) {
                link = substr($0, RSTART, RLENGTH)
                before = substr($0, 1, RSTART - 1)
                $0 = substr($0, RSTART + RLENGTH)
                name = link
                sub(/=.*/, "", name)
                sub(/^[a-z]+="/, "", link)
                sub(/"$/, "", link)
                out = out before name "=\"" leads(link) "\""
            }
            $0 = out $0
        }
        match($0, /^<h[1-6]>.*<\/h[1-6]>$/) {
            heading = substr($0, 5, length($0) - 9)
            $0 = substr($0, 1, 3) " id=\"" anchor(heading) "\">" heading substr($0, length($0) - 4)
            if (title == "") {
                title = heading
                gsub(/<[^>]*>/, "", title)
            }
        }
        # A wide table is moved within its own frame.
        /^<table>$/ { $0 = "<div class=\"table\"><table>" }
        /^<\/table>$/ { $0 = "</table></div>" }
        { text = text $0 "\n" }
        END {
            print "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
            print "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
            print "<title>" title (page == "README.html" ? "" : " - mod_acme_eab") "</title>"
            print "<link rel=\"stylesheet\" href=\"style.css\">\n</head>\n<body>"
            print "<nav><a href=\"README.html\">mod_acme_eab</a> <a href=\"index.html\">Documents</a>" \
                  " <a href=\"quick-starts.html\">Quick starts</a> <a href=\"directives.html\">Directives</a>" \
                  " <a href=\"operations.html\">Operations</a></nav>"
            printf "<main>\n%s</main>\n</body>\n</html>\n", text
            exit bad
        }' >"$to/$page"
done

# Each link leads somewhere in the site, or to what is installed beside it.
rc=0
cd "$to"
for page in *.html; do
    for link in $(grep -oE '(href|src)="[^"]*"' "$page" | sed 's/^[a-z]*="//; s/"$//' | sort -u); do
        case $link in
        [a-z]*:*) continue ;;
        ../examples/*) file=$source/conf/${link#../examples/} there=conf ;;
        \#*) file=$page there=page ;;
        *) file=${link%%#*} there=page ;;
        esac
        if ! (cd "$OLDPWD" && [ $there = conf ] && [ -e "$file" ]) && ! [ -e "$file" ]; then
            echo "$page: $link leads nowhere" >&2
            rc=1
        elif [ $there = page ] && [ "$link" != "${link#*#}" ] && ! grep -q " id=\"${link#*#}\"" "$file"; then
            echo "$page: there is no heading for $link" >&2
            rc=1
        fi
    done
done
exit $rc
