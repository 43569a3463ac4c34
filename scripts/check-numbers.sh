#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every number of seconds, minutes, bytes and so on in a document is that of the code. Each row below
# is a sentence of a document with # in the place of a number, where the number is defined, and the
# unit that the document counts in. A number that no row knows fails as well.
#
#   document | sentence | file | constant | unit
#
# The file is below mod_acme_eab/; "-" is for what was measured or follows from the words beside it.
cd "$1" || exit 1

rows() {
    cat <<'ROWS'
docs/status.md|or # minutes after the last try|policy/restart.c|DISTANCE|60
docs/status.md|(# for a validation)|policy/restart.c|DISTANCE_OF_VALIDATIONS|60
docs/faq.md|let one count for 200 days since March 2026|-||
docs/faq.md|certificates of 47 days|-||
README.md|have their certificates 4 seconds after its start|-||
docs/directives.md|port (1 to 65535)|-||
docs/architecture.md|history grows to # MiB|base/bytes.h|LIMIT_HISTORY|1048576
docs/architecture.md|More than # files or|base/bytes.h|LIMIT_EVENTS|1
docs/architecture.md|# MiB are not kept|base/bytes.h|LIMIT_EVENTS_SIZE|1048576
docs/security.md|up to # KiB of it,|base/bytes.h|LIMIT_EVENT_OUTPUT|1024
docs/directives.md|may take, 1 to # seconds|httpd/value.c|LIMIT_EVENT_SECONDS|1
docs/directives.md|# seconds later, with its process group|keeper/courier.h|COURIER_GRACE|1
docs/directives.md|after 1, 5 and 15 minutes and then every hour|-||
docs/directives.md|One certificate for these names, # at most|httpd/site.c|LIMIT_NAMES|1
docs/directives.md|without a shell, for # seconds at most|keeper/account.c|EXEC_LIMIT|1
docs/directives.md|The label is up to # letters|httpd/value.c|LIMIT_LABEL|1
docs/directives.md|tried again after # minutes, then more and more seldom|keeper/dns.c|RETRY_FIRST|60
docs/directives.md|every # hours at last|keeper/dns.c|RETRY_MAX|3600
docs/directives.md|takes longer than # seconds is ended|keeper/dns.h|DNS_COMMAND_LIMIT|1
docs/directives.md|Up to # run at the same time|keeper/dns.c|RUNNING_MAX|1
docs/directives.md|the first name of # characters or fewer|crypto/csr.c|COMMON_NAME_MAX|1
docs/directives.md|half of it if that is under # days|policy/renew.c|SHORT_LIFE|86400
docs/directives.md|(a third if that is under # days)|policy/renew.c|SHORT_LIFE|86400
docs/directives.md|(3 hours of 6 days, a day of 47, about 2 of 90)|-||
docs/directives.md|within three hours before the renewal|policy/subset.c|TOGETHER|3600=3
docs/directives.md|or in its last three days|policy/subset.c|LONGEST_MARGIN|86400=3
docs/directives.md|not within # minutes of the last try|policy/restart.c|DISTANCE|60
docs/directives.md|(# if it was a validation)|policy/restart.c|DISTANCE_OF_VALIDATIONS|60
docs/directives.md|tried again after 10 seconds, 30 seconds, and then each minute|-||
docs/directives.md|# seconds after the newest and|policy/reload.c|FIRST_QUIET|1
docs/directives.md|# seconds after the oldest at the latest|policy/reload.c|FIRST_PATIENCE|1
docs/directives.md|`SSLCertificateFile`, # seconds after the newest|policy/reload.c|QUIET|1
docs/directives.md|after the newest and # after the oldest at the latest|policy/reload.c|PATIENCE|1
docs/directives.md|A renewal is used # seconds after it came|policy/reload.c|QUIET|1
docs/directives.md|or less than 6 hours (a quarter of the life|-||
docs/directives.md|There are # seconds between two restarts at least|policy/reload.c|DISTANCE|1
docs/directives.md|is tried again every # seconds|keeper/exports.c|RETRY_SECONDS|1
docs/architecture.md|not within # minutes of the last try|policy/restart.c|DISTANCE|60
docs/architecture.md|, # minutes for validations|policy/restart.c|DISTANCE_OF_VALIDATIONS|60
docs/architecture.md|is waited for, # days at most|policy/retry.c|LONGEST_RETRY_AFTER|86400
docs/architecture.md|a problem # KiB where it enters|base/bytes.h|LIMIT_PROBLEM|1024
docs/architecture.md|stay below some # MiB|base/bytes.h|LIMIT_PROBLEMS|1048576
docs/architecture.md|say ALIVE every # seconds|ipc/message.h|MESSAGE_ALIVE_INTERVAL|1
docs/architecture.md|The keeper waits # seconds for each part of the plan|keeper/main.c|PLAN_PATIENCE|1
docs/architecture.md|the agent # for each part of the brief|agent/main.c|BRIEF_PATIENCE|1
docs/architecture.md|then after 10, 20 … 640 seconds|-||
docs/architecture.md|again after 10, 20 … 640 seconds|-||
docs/architecture.md|ran for 5 seconds resets this|-||
docs/architecture.md|then after 1, 2 … # seconds|keeper/agent_process.c|DELAY_MAX|1
docs/architecture.md|in threads, in # seconds|agent/lookup.h|LOOKUP_LIMIT|1
docs/security.md|asked for in threads that end after # seconds|agent/lookup.h|LOOKUP_LIMIT|1
docs/security.md|http-01, # bytes at most|httpd/answer.c|LIMIT_ANSWER|1
docs/security.md|beyond # MiB at once|httpd/lines.h|LINES_BURST|1048576
docs/security.md|and # KiB in a second|httpd/lines.h|LINES_RATE|1024
docs/security.md|send more than # MiB at once|base/bytes.h|LIMIT_FRAME|1048576
docs/security.md|for ten minutes and a few tries|keeper/ticket.h|TICKET_LIFE|60=10
docs/security.md|A request is # MiB at most|base/bytes.h|LIMIT_FRAME|1048576
docs/security.md|MiB at most, # connections|base/bytes.h|LIMIT_CONTROL|1
docs/security.md|as JSON of at most # MiB each|base/bytes.h|LIMIT_FRAME|1048576
docs/security.md|a regular one of # MB at most|base/bytes.h|LIMIT_OWN_FILE|1048576
docs/conformance.md|not before Retry-After (# days at most)|policy/retry.c|LONGEST_RETRY_AFTER|86400
docs/faults.md|`Retry-After` is 3 seconds|-||
ROWS
}

# What a constant is: in seconds where it is a time, else as it stands. Constants in it are followed.
value_of() {
    text=$(sed -n "s/^#define $2  *\(.*\)/\1/p" "mod_acme_eab/$1" mod_acme_eab/base/bytes.h | head -n 1 |
        sed 's,/\*.*,,; s/apr_time_from_sec//g; s/(apr_int64_t)//g; s/\([0-9]\)L/\1/g')
    while name=$(expr "$text" : '.*[^A-Z_]\([A-Z_][A-Z_]*\)' \| "$text" : '\([A-Z_][A-Z_]*\)'); do
        inner=$(value_of "$1" "$name") || return 1
        text=$(printf '%s' "$text" | sed "s/$name/($inner)/g")
    done
    [ -n "$text" ] && echo $(($text))
}

# document|sentence with its number, or a complaint where the constant is none or another one
claims() {
    rows | while IFS='|' read -r doc sentence file constant unit; do
        if [ "$file" = - ]; then
            echo "$doc|$sentence|"
        elif ! value=$(value_of "$file" "$constant"); then
            echo "$doc||there is no $constant in mod_acme_eab/$file for \"$sentence\""
        else
            number=$((value / ${unit%%=*}))
            told=${unit#*=}
            [ "$told" = "$unit" ] && told=$number
            if [ "$number" = "$told" ]; then
                echo "$doc|${sentence%%#*}$(case $sentence in *#*) echo "$number${sentence#*#}" ;; esac)|"
            else
                echo "$doc||\"$sentence\" is not so: $constant in mod_acme_eab/$file is $number"
            fi
        fi
    done
}

# The documents in one line each, without examples, after the claims about them.
claims | awk '
    function complain(words) { print file ": " words; bad = 1 }
    function judge(    i, at, unit) {
        for (i = 1; i <= count; ++i) {
            if (doc[i] != file)
                continue
            if (complaint[i] != "") {
                complain(complaint[i])
            } else if (!(at = index(text, sentence[i]))) {
                complain("\"" sentence[i] "\" is not there, as the code has it")
            } else if (at = index(rest, sentence[i])) {
                rest = substr(rest, 1, at - 1) " ; " substr(rest, at + length(sentence[i]))
            }
        }
        if (file == "docs/conformance.md")
            return # it speaks of the numbers of RFCs
        unit = "[0-9][0-9,]* (milliseconds?|seconds?|minutes?|hours?|days?|characters|letters|bytes|[KM]i?B)"
        while (match(rest, unit)) {
            complain("nobody knows where \"" substr(rest, RSTART, RLENGTH) "\" is defined; see " \
                     "scripts/check-numbers.sh")
            rest = substr(rest, RSTART + RLENGTH)
        }
    }
    FILENAME == "-" {
        split($0, part, "|")
        doc[++count] = part[1]; sentence[count] = part[2]; complaint[count] = part[3]
        next
    }
    FNR == 1 { if (file != "") judge(); file = FILENAME; text = rest = ""; code = 0 }
    /^```/ { code = !code; next }
    !code { gsub(/[ \t]+/, " "); text = rest = text " " $0; gsub(/  +/, " ", text); rest = text }
    END { judge(); if (count < 40) { print "the table of numbers was not found"; bad = 1 }; exit bad }
' - README.md docs/faq.md docs/install.md docs/quick-starts.md docs/status.md docs/troubleshooting.md docs/directives.md docs/architecture.md docs/security.md docs/conformance.md \
    docs/faults.md || exit 1
echo "numbers: ok"
