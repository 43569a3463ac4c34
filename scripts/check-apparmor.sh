#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The AppArmor profiles can be read, and keep to what docs/packaging.md says of them. No kernel is asked.
cd "$1/conf/apparmor" || exit 1
if ! parser=$(PATH=$PATH:/sbin:/usr/sbin command -v apparmor_parser); then
    echo "apparmor: not checked, apparmor_parser is not installed"
    exit 0
fi
rc=0
for profile in acme-eab-keeper acme-eab-agent; do
    "$parser" -Q -K "$profile" 2>/dev/null || {
        "$parser" -Q -K "$profile"
        rc=1
    }
    # It is for the program of its name, and has a place for what a machine adds.
    for line in "^profile $profile /usr/libexec/acme-eab/$profile flags=(complain) {\$" \
        "^  include if exists <local/$profile>\$"; do
        grep -q "$line" "$profile" || {
            echo "conf/apparmor/$profile: there is no line $line"
            rc=1
        }
    done
done
# With all that they include: the network is the agent's, the store the keeper's.
rules() {
    "$parser" -Q -K -p "$1" 2>/dev/null | sed -e 's/#.*//' -e '/^ *profile aside/,/^  }/d'
}
if rules acme-eab-keeper | grep -E '^ *network|capability (sys_admin|net_)'; then
    echo "conf/apparmor/acme-eab-keeper: the keeper has no network"
    rc=1
fi
rules acme-eab-agent | grep -q '^ *network inet' || {
    echo "conf/apparmor/acme-eab-agent: the agent has the network"
    rc=1
}
if rules acme-eab-agent | grep -E 'var/lib/acme-eab|etc/apache2'; then
    echo "conf/apparmor/acme-eab-agent: the agent has no secret"
    rc=1
fi
[ $rc = 0 ] && echo "apparmor: ok"
exit $rc
