#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/conformance.md cannot go stale: each row has a number of its own and no number is missing, each
# is shown by tests or says why not, each test is there and is run, and the count is right.
cd "$1" || exit 1
# The unit tests that a makefile builds, then the integration tests, then the table.
sources=$(grep -ohE 'test/unit/[a-z]+/test_[a-z0-9_]+\.c' test/unit/*/local.mk | sort -u)
awk '
    function complain(text) {
        print "docs/conformance.md: " text
        bad = 1
    }

    # A test of cmocka counts when it is defined and handed to the runner.
    FILENAME ~ /\.c$/ {
        if ($0 ~ /^static void [a-z0-9_]+\(void \*\*state\)/) {
            name = $3
            sub(/\(.*/, "", name)
            defined[FILENAME "::" name] = 1
        }
        rest = $0
        while (match(rest, /(cmocka_unit_test[a-z_]*|fixture_test|[A-Z]+_TEST)\([a-z0-9_]+[,)]/)) {
            name = substr(rest, RSTART, RLENGTH - 1)
            sub(/.*\(/, "", name)
            listed[FILENAME "::" name] = 1
            rest = substr(rest, RSTART + RLENGTH)
        }
        next
    }
    FILENAME ~ /\.py$/ {
        if ($0 ~ /^def test_[a-z0-9_]+\(/ && before !~ /skip|xfail/) {
            name = $2
            sub(/\(.*/, "", name)
            file = FILENAME
            sub(/.*\//, "", file)
            defined[file "::" name] = listed[file "::" name] = 1
        }
        if ($0 !~ /^ /)
            before = /^@/ ? before $0 : ""
        next
    }

    /^## / { section = $0; prefix = "" }
    /^[0-9]+ rows: / { told = $0 }
    /^\| [A-Z]+-[0-9]+ \|/ {
        count = split($0, cell, " \\| ")
        id = substr(cell[1], 3)
        shown = cell[3]
        sub(/ \|$/, "", shown)
        ++rows
        if (count != 3)
            complain(id " has not three cells")
        if (id in seen)
            complain(id " is there twice")
        seen[id] = 1
        split(id, part, "-")
        if (part[1] == prefix && part[2] + 0 != number + 1)
            complain(id " follows " prefix "-" number " in \"" section "\"")
        prefix = part[1]
        number = part[2] + 0
        if (cell[2] !~ /[a-zA-Z]/)
            complain(id " does not say what is required")
        tests = 0
        rest = shown
        while (match(rest, /`[A-Za-z0-9_\/.]+::[A-Za-z0-9_]+`/)) {
            test = substr(rest, RSTART + 1, RLENGTH - 2)
            rest = substr(rest, RSTART + RLENGTH)
            ++tests
            if (!(test in defined))
                complain(id ": there is no test " test)
            else if (!(test in listed))
                complain(id ": the test " test " is never run")
        }
        if (tests > 0)
            ++kinds["shown"]
        else if (shown ~ /^Does not apply: [^ ]/)
            ++kinds["no"]
        else if (shown ~ /^Not there: [^ ]/)
            ++kinds["later"]
        else
            complain(id " has neither a test nor a reason")
        if (tests > 0 && shown ~ /^(Does not apply|Not there):/)
            complain(id " has both tests and a reason")
        next
    }
    /^\|/ && !/^\| id \| what is required \| shown by \|$/ && !/^\|( ?---+ ?\|)+$/ {
        complain("this row has no number: " $0)
    }

    END {
        right = rows + 0 " rows: " kinds["shown"] + 0 " shown by tests, " kinds["no"] + 0 \
            " do not apply, " kinds["later"] + 0 " not there yet."
        if (told != right)
            complain("the count must be: " right)
        if (rows < 300)
            complain("rows are missing")
        if (!bad)
            print "conformance: ok"
        exit bad
    }' $sources test/integration/test_*.py docs/conformance.md
