# SPDX-License-Identifier: Apache-2.0
# mod_acme_eab.8 of its frame and docs/directives.md: in the place of the line @DIRECTIVES@ comes what
# the document says of each directive; and acme-eab-events.7 of docs/events.md, with what stands before
# its first section (whole=1).
#
#   awk -f directives-to-man.awk docs/directives.md docs/man/mod_acme_eab.8.in

# What roff would take for its own.
function plain(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    return text
}
# `code`, **strong**, *emphasis*, [text](target).
function inline(text,    out, left, right) {
    while (match(text, /\[[^]]*\]\([^)]*\)/)) {
        left = substr(text, 1, RSTART - 1)
        right = substr(text, RSTART + RLENGTH)
        text = substr(text, RSTART + 1, RLENGTH - 2)
        sub(/\]\(.*/, "", text)
        text = left text right
    }
    out = ""
    while (match(text, /`[^`]+`|\*\*[^*]+\*\*|\*[^* ][^*]*\*/)) {
        out = out plain(substr(text, 1, RSTART - 1))
        left = substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
        if (left ~ /^`/)
            out = out "\\fB" plain(substr(left, 2, length(left) - 2)) "\\fP"
        else if (left ~ /^\*\*/)
            out = out "\\fB" plain(substr(left, 3, length(left) - 4)) "\\fP"
        else
            out = out "\\fI" plain(substr(left, 2, length(left) - 2)) "\\fP"
    }
    return out plain(text)
}
# A line that begins with a control character of roff is none.
function put(line) {
    if (line ~ /^[.']/)
        line = "\\&" line
    page = page line "\n"
}
# Paragraphs are joined, so that what is marked may go over the end of a line.
function flush(    text) {
    if (paragraph != "") {
        text = paragraph
        paragraph = ""
        put(inline(text))
    }
}
function cells(row,    n, parts, i, out) {
    sub(/^\| */, "", row)
    sub(/ *\|$/, "", row)
    gsub(/\\\|/, "\001", row)
    n = split(row, parts, / *\| */)
    out = "\\(bu"
    page = page ".IP \\(bu 2\n"
    out = ""
    for (i = 1; i <= n; ++i) {
        gsub(/\001/, "|", parts[i])
        if (parts[i] != "")
            out = out (out == "" ? "" : "  \\(em  ") inline(parts[i])
    }
    put(out)
}
FNR == NR {
    if (/^## /) {
        flush()
        wanted = 1
        section = substr($0, 4)
        page = page (section ~ /^ACME/ ? ".SS " : ".SH ") \
            (section ~ /^ACME/ ? section : toupper(section)) "\n"
        next
    }
    if (!wanted) {
        wanted = whole && /^# /
        next
    }
    if (/^```/) {
        flush()
        code = !code
        page = page (code ? ".PP\n.nf\n.RS 4\n" : ".RE\n.fi\n")
        next
    }
    if (code) {
        put(plain($0))
        next
    }
    if (/^$/) {
        if (paragraph != "") {
            flush()
        }
        after = 1
        next
    }
    if (/^### /) {
        flush()
        page = page ".PP\n"
        put("\\fI" inline(substr($0, 5)) "\\fP")
        after = 1
        next
    }
    if (/^\|[-|: ]+\|$/)
        next
    if (/^\|/) {
        flush()
        cells($0)
        after = 0
        next
    }
    if (/^- /) {
        flush()
        sub(/^- /, "")
        if ($0 ~ /^(Syntax|Default|Context): /)
            page = page (after && $0 ~ /^Syntax/ ? "" : ".br\n")
        else
            page = page ".IP \\(bu 2\n"
        paragraph = $0
        after = 0
        next
    }
    if (/^ / && paragraph == "" && !after)
        sub(/^ +/, "")
    if (paragraph == "" && after) {
        page = page ".PP\n"
        after = 0
    }
    sub(/^ +/, "")
    paragraph = paragraph (paragraph == "" ? "" : " ") $0
    next
}
FNR == 1 {
    flush()
}
/^@DIRECTIVES@$/ {
    printf "%s", page
    next
}
{ print }
