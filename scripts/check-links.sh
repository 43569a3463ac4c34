#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No link between the documents leads nowhere: the file is there, and the heading in it, as GitHub names
# it. docs/index.md leads to each document.
cd "$1" || exit 1
awk '
    # What GitHub makes of a heading; the second one of a name gets a number.
    function anchor(heading,    name) {
        name = tolower(heading)
        gsub(/[^a-z0-9 _-]/, "", name)
        gsub(/ /, "-", name)
        if ((file, name) in seen)
            return name "-" seen[file, name]++
        seen[file, name] = 1
        return name
    }
    # The links of a paragraph, in which lines may break anywhere.
    function links(    target) {
        gsub(/`[^`]*`/, "", text)
        while (match(text, /\]\([^)]*\)/)) {
            target = substr(text, RSTART + 2, RLENGTH - 3)
            text = substr(text, RSTART + RLENGTH)
            if (target !~ /^[a-z]+:/) {
                from[++count] = file
                to[count] = target
            }
        }
        text = ""
    }
    function resolve(file, path,    folder) {
        folder = file
        if (!sub(/\/[^\/]*$/, "/", folder))
            folder = ""
        while (sub(/^\.\.\//, "", path))
            sub(/[^\/]*\/$/, "", folder)
        return folder path
    }
    function there(path) {
        return path == "" || system("test -e \"" path "\"") == 0
    }
    FNR == 1 { if (text != "") links(); file = FILENAME; code = 0; documents[file] = 1 }
    /^```/ { code = !code }
    code || /^```/ || /^    / { next }
    /^#+ / { heading = $0; sub(/^#+ /, "", heading); anchors[file "#" anchor(heading)] = 1 }
    { text = text " " $0 }
    /^$/ { links() }
    END {
        links()
        for (i = 1; i <= count; ++i) {
            path = to[i]
            fragment = ""
            if (match(path, /#.*/)) {
                fragment = substr(path, RSTART)
                path = substr(path, 1, RSTART - 1)
            }
            path = path == "" ? from[i] : resolve(from[i], path)
            if (from[i] == "docs/index.md")
                linked[path] = 1
            if (!(path in documents) && !there(path)) {
                print from[i] ": " to[i] " leads nowhere"
                bad = 1
            } else if (fragment != "" && !((path fragment) in anchors)) {
                print from[i] ": there is no heading " fragment " in " path
                bad = 1
            }
        }
        for (file in documents) {
            if (file != "docs/index.md" && !(file in linked)) {
                print "docs/index.md: no link leads to " file
                bad = 1
            }
        }
        if (count < 100) {
            print "the links of the documents were not found"
            bad = 1
        }
        exit bad
    }
' README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md docs/*.md || exit 1
echo "links: ok"
