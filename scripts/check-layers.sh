#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fail when a file includes a layer that is not below its own.
cd "$1" || exit 1
allowed() {
    case $1 in
    base) echo base ;;
    crypto) echo base crypto ;;
    ipc) echo base ipc ;;
    policy) echo base policy ;;
    acme) echo base crypto acme ;;
    store) echo base crypto store ;;
    keeper) echo base crypto ipc policy store keeper ;;
    agent) echo base crypto ipc policy acme agent ;;
    httpd) echo base crypto ipc store httpd ;;
    cli) echo base ipc cli ;;
    esac
}
rc=0
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
# libcurl belongs to the agent's side, httpd's headers to the module.
for f in $(grep -l '#include <curl/' */*.[ch] | grep -v '^acme/'); do
    echo "$f: only acme/ may include libcurl"; rc=1
done
for f in $(grep -lE '#include [<"](httpd|http_|ap_|mpm_|mod_ssl|unixd)' */*.[ch] | grep -v '^httpd/'); do
    echo "$f: only httpd/ may include httpd's headers"; rc=1
done
[ $rc = 0 ] && echo "layers: ok"
exit $rc
