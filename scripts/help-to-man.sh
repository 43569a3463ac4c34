#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# acmectl.8, of what the program says of itself: its commands and options have one place.
#
#   help-to-man.sh ACMECTL
set -eu
program=$1
plain() {
    sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^\([.']\)/\\\\\&\1/"
}
# What acmectl says, as it is.
said() {
    echo .nf
    ASAN_OPTIONS=detect_leaks=0 LC_ALL=C NO_COLOR=1 "$program" help "$@" | plain
    echo .fi
}
cat <<'END'
.\" SPDX-License-Identifier: Apache-2.0
.TH ACMECTL 8 2026-11-30 mod_acme_eab "System Administration"
.SH NAME
acmectl \- look at the certificates of mod_acme_eab, and tell its keeper what to do
.SH DESCRIPTION
Commands that look read the report of the agent, for which nobody needs to be root.
Commands that act go to the keeper of the running httpd, by a socket in the store, and are for root.
Each failure is one sentence on standard error that says what to do.
.SH COMMANDS AND OPTIONS
END
said
for command in $(ASAN_OPTIONS=detect_leaks=0 LC_ALL=C "$program" help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p'); do
    echo ".SS $command"
    said "$command"
done
cat <<'END'
.SH FILES
.TP
.I /var/lib/acme\-eab/control
The socket.
.TP
.I /run/acme\-eab/status.json
The report.
.SH SEE ALSO
.BR mod_acme_eab (8),
.BR acme-eab-store (5),
.BR acme-eab-events (7)
END
