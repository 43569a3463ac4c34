#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fail when a file includes a layer that is not below its own, or within a layer that has floors what
# stands above it or leads back to it.
cd "$1" || exit 1
rc=0
allowed() {
    case $1 in
    base) echo base ;;
    crypto) echo base crypto ;;
    live) echo base crypto live ;;
    ipc) echo base ipc ;;
    policy) echo base policy ;;
    report) echo base report ;;
    acme) echo base crypto acme ;;
    store) echo base crypto store ;;
    import) echo base crypto store import ;;
    export) echo base crypto export ;;
    keeper) echo base crypto export ipc live policy store keeper ;;
    agent) echo base crypto ipc policy acme agent ;;
    httpd) echo base crypto export ipc live report store httpd ;;
    cli) echo base crypto export import ipc report store cli ;;
    enroll) echo base crypto enroll ;;
    esac
}
# A layer has floors where floors_LAYER() prints them: a line each, the highest first, with the names of
# the files that stand there (.c and .h are one). Each file stands on one floor, and includes what stands
# there or below.
floors_keeper() {
    echo main
    echo keeper
    echo janitor mending sealing control_socket agent_process
    echo agent_door control_door
    echo control_ask control_events control_renew control_store control_revoke control_rollover
    echo control_successor
    echo control_call
    echo activation briefing exports reload gathering rehearsal witness herald delivery chronicle tasks revoking rollover succession deactivation
    echo agent_line
    echo model sentence dns leftover account certificate revocation demand directory failing validation window staple
    echo means changes loop keymaker syncer program eabsource url check sandbox stage courier ticket
}

# The loop; the table of all states; the states, which know no table; when to go on; the job; what ends
# with an attempt or an order; tools, which know no job.
floors_agent() {
    echo main
    echo agent
    echo tasks
    echo inspect recognize revoke rollover deactivate
    echo permission reach trial
    echo finding
    echo task
    echo lifecycle status visit entry trouble
    echo issue order authorize opening doubt
    echo refused renewal lapse stapling
    echo persist
    echo schedule
    echo job
    echo account attempt flight evidence
    echo directory failing tally
    echo kit
    echo answer link lookup visitor pacing reading sandbox
    echo agenda dice resolver knock
}

# Reads who includes whom within the layer; prints what is wrong.
judge_floors() {
    awk -v layer="$1" -v floors="$(floors_"$1")" '
        BEGIN {
            height = split(floors, lines, "\n")
            for (i = 1; i <= height; ++i) {
                n = split(lines[i], names, " ")
                for (k = 1; k <= n; ++k) {
                    if (names[k] in floor) print layer ": " names[k] " stands on two floors"
                    floor[names[k]] = i
                }
            }
        }
        $1 == $2 {
            there[$1] = 1
            if (!($1 in floor)) print layer "/" $1 ": stands on no floor of scripts/check-layers.sh"
        }
        $1 in floor && $2 in floor && floor[$2] < floor[$1] {
            print layer "/" $1 ": must not include \"" layer "/" $2 ".h\", which stands above it"
        }
        END {
            for (name in floor)
                if (!(name in there)) print layer ": " name " has a floor, and is no file"
        }'
}
# Lines of two names: a file and what it includes. Each file includes itself, so that none is left out.
list_includes() {
    for f in "$1"/*.[ch]; do
        name=${f#*/}
        name=${name%.*}
        echo "$name $name"
        sed -n "s|^#[[:space:]]*include \"$1/\([a-z_0-9]*\)\.h\".*|$name \1|p" "$f"
    done | sort -u
}
check_floors() {
    wrong=$(list_includes "$1" | judge_floors "$1")
    [ -z "$wrong" ] || { echo "$wrong"; rc=1; }
    # tsort names the files of each circle, a line each.
    round=$(list_includes "$1" | tsort 2>&1 >/dev/null | sed -n 's/^tsort: \([a-z_0-9]*\)$/\1/p' |
        sort -u | tr '\n' ' ')
    [ -z "$round" ] || { echo "$1: these include each other in a circle: $round"; rc=1; }
}
for layer in keeper agent; do
    if type "floors_$layer" >/dev/null 2>&1; then
        check_floors "$layer"
    fi
done
for f in */*.[ch]; do
    layer=${f%%/*}
    ok=" $(allowed "$layer") "
    for inc in $(sed -n 's/^#[[:space:]]*include "\([a-z_]*\)\/.*/\1/p' "$f"); do
        case $ok in
        *" $inc "*) ;;
        *) echo "$f: layer '$layer' must not include '$inc/'"; rc=1 ;;
        esac
    done
done
# libcurl belongs to the agent's side and to the enrolment, httpd's headers to the module.
for f in $(grep -l '#include <curl/' */*.[ch] | grep -vE '^acme/|^enroll/exchange\.'); do
    echo "$f: only acme/ and enroll/exchange may include libcurl"; rc=1
done
for f in $(grep -lE '#include [<"](httpd|http_|ap_|mpm_|mod_ssl|unixd)' */*.[ch] | grep -v '^httpd/'); do
    echo "$f: only httpd/ may include httpd's headers"; rc=1
done
[ $rc = 0 ] && echo "layers: ok"
exit $rc
