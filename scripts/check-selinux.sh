#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The SELinux module of conf/selinux compiles, and a whole policy takes it (Debian's, which is that of the
# reference policy); in that policy the walls are what docs/packaging.md says. No kernel is asked.
#
#   check-selinux.sh SOURCE
#
# Needs selinux-policy-dev, selinux-policy-default, semodule-utils, policycoreutils and setools, and a minute.
set -eu
modules=/usr/share/selinux/default
source=$(cd "$1" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

cp "$source"/conf/selinux/* "$scratch/"
cd "$scratch"
make -s -f /usr/share/selinux/devel/Makefile NAME=default acme_eab.pp >make.log 2>&1 || {
    cat make.log
    exit 1
}
! grep -i warning make.log || exit 1

# A policy in a directory. What is forbidden once and for all (neverallow) is looked at too.
mkdir -p root/etc/selinux/default root/var/lib/selinux/default
printf 'module-store = direct\nexpand-check=1\n' >root/etc/selinux/semanage.conf
if ! semodule -n -p "$scratch/root" -S /var/lib/selinux -s default -i "$modules"/*.pp.bz2 acme_eab.pp >link.log 2>&1; then
    cat link.log
    exit 1
fi
policy=$(echo root/etc/selinux/default/policy/policy.*)

rc=0
# rules COUNT ARGUMENT...: that many rules, or "some"
rules() {
    wanted=$1
    shift
    found=$(sesearch "$policy" "$@" | sed -n '/./p')
    case $wanted in
    some) [ -n "$found" ] && return ;;
    none) [ -z "$found" ] && return ;;
    esac
    echo "conf/selinux: $wanted expected of sesearch $*, and there is: ${found:-nothing}"
    rc=1
}
rules some -T -s httpd_t -t acme_eab_keeper_exec_t -c process
rules some -T -s acme_eab_keeper_t -t acme_eab_agent_exec_t -c process
rules some -T -s acme_eab_keeper_t -t httpd_exec_t -c process
rules some -A -s acme_eab_agent_t -t http_port_t -c tcp_socket -p name_connect
rules none -A -s acme_eab_agent_t -t acme_eab_store_t -c dir,file,lnk_file,sock_file
rules none -A -s acme_eab_agent_t -t httpd_config_t -c file
rules none -A -s acme_eab_keeper_t -c tcp_socket,udp_socket,rawip_socket -p create,connect,bind,name_connect
rules none -A -s acme_eab_keeper_t -t acme_eab_keeper_t -c capability -p sys_admin
rules none -A -s httpd_t -t acme_eab_store_t -c file -p write,create,unlink
rules some -A -s acme_eab_keeper_t -t httpd_t -c process -p signal
for line in '/usr/libexec/acme-eab/acme-eab-keeper.*acme_eab_keeper_exec_t' '/var/lib/acme-eab.*acme_eab_store_t' \
    '/run/acme-eab.*acme_eab_run_t'; do
    grep -q "^$line" root/etc/selinux/default/contexts/files/file_contexts || {
        echo "conf/selinux: the policy has no file context $line"
        rc=1
    }
done
[ $rc = 0 ] && echo "selinux: ok"
exit $rc
