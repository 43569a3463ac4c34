#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# See it work: a local certificate authority that demands External Account Binding, an httpd with
# the module, and a few seconds later trusted https. Nothing outside a scratch directory is changed,
# apart from Debian packages that are missing.
#
#   ./demo.sh         stay until Ctrl-C
#   ./demo.sh --once  end after the success
set -eu

once=no
case "${1:-}" in
--once) once=yes ;;
'') ;;
*)
    echo "usage: $0 [--once]" >&2
    exit 2
    ;;
esac
if [ "$(id -u)" != 0 ]; then
    echo "Please run this as root: it installs Debian packages and starts an httpd that changes users." >&2
    exit 1
fi
if ! command -v apt-get >/dev/null; then
    echo "This demonstration installs what it needs with apt-get, which is not here. docs/install.md says how to build elsewhere." >&2
    exit 1
fi

source=$(cd "$(dirname "$0")" && pwd)
name=www.demo.example
kid=demo-kid-1
apache=/usr/sbin/apache2
modules=/usr/lib/apache2/modules
began=$(date +%s%N)

seconds() {
    echo $((($(date +%s%N) - began) / 100000000)) | sed 's/\(.\)$/.\1/; s/^\./0./'
}

say() {
    printf '[%6s s] %s\n' "$(seconds)" "$*"
}

fail() {
    say "$*"
    for log in "$scratch/httpd/error.log" "$scratch/ca/pebble.log"; do
        [ -f "$log" ] && { echo "--- the end of $log"; tail -n 30 "$log"; }
    done
    exit 1
}

scratch=$(mktemp -d /tmp/mod-acme-eab-demo.XXXXXX)
chmod 755 "$scratch" # httpd's workers run as www-data
pebble_pid=
dns_pid=

# Processes of our httpd: those whose standard error is its error log, which is in a directory that
# this script has made.
httpd_pids() {
    for fd in /proc/[0-9]*/fd/2; do
        if [ "$(readlink "$fd" 2>/dev/null)" = "$scratch/httpd/error.log" ]; then
            pid=${fd#/proc/}
            pid=${pid%%/*}
            [ "$pid" -gt 1 ] && echo "$pid"
        fi
    done
}

# A file may hold any number: only what is one of those processes is signalled.
end_httpd() {
    [ -f "$scratch/httpd/httpd.pid" ] || return 0
    for pid in $(httpd_pids); do
        [ "$pid" = "$(cat "$scratch/httpd/httpd.pid" 2>/dev/null)" ] && kill "$pid" 2>/dev/null || true
    done
    tries=0
    while [ -n "$(httpd_pids)" ] && [ $tries -lt 50 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    for pid in $(httpd_pids); do
        kill -9 "$pid" 2>/dev/null || true
    done
}

clean_up() {
    trap - EXIT INT TERM HUP
    end_httpd
    for pid in $pebble_pid $dns_pid; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

port_is_free() {
    ! cat /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 2>/dev/null |
        grep -qi ":$(printf %04X "$1") [0-9A-F]*:[0-9A-F]* "
}

# The first of seven free ports in a row.
free_ports() {
    while :; do
        first=$((12000 + $(od -An -N2 -tu2 /dev/urandom) % 20000))
        for port in $(seq $first $((first + 6))); do
            port_is_free "$port" || continue 2
        done
        echo $first
        return
    done
}

# Wait until a command succeeds: wait_for SECONDS COMMAND...
wait_for() {
    limit=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$limit" ] || return 1
        sleep 0.1
    done
}

say "Looking for packages that are missing"
sh "$source/scripts/install-packages.sh" \
    apache2-bin apache2-dev pebble openssl curl procps tar \
    gcc libc6-dev make autoconf automake pkg-config \
    libapr1-dev libaprutil1-dev libssl-dev libcurl4-openssl-dev libjansson-dev

say "Building into $scratch (the log is build.log there)"
if ! {
    sh "$source/scripts/copy-sources.sh" "$source" "$scratch/source" &&
        cd "$scratch/source" &&
        ./configure --prefix="$scratch/prefix" --with-module-dir="$scratch/prefix/modules" &&
        make -j"$(nproc)" && make install
} >"$scratch/build.log" 2>&1; then
    tail -n 30 "$scratch/build.log"
    exit 1
fi
cd /

say "Starting a certificate authority that demands EAB (Pebble), and a DNS server for it"
ca_port=$(free_ports)
manage_port=$((ca_port + 1))
dns_port=$((ca_port + 2))
dns_manage_port=$((ca_port + 3))
tls_port=$((ca_port + 4))
http_port=$((ca_port + 5))
https_port=$((ca_port + 6))
mkdir "$scratch/ca" "$scratch/httpd" "$scratch/httpd/htdocs"
umask 077
hmac=$(openssl rand -base64 48 | tr '+/' '-_' | tr -d '=\n')
printf '%s\n' "$hmac" >"$scratch/httpd/eab.key"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -keyout "$scratch/ca/tls.key" -out "$scratch/ca/tls.pem" 2>/dev/null
cat >"$scratch/ca/pebble.json" <<EOF
{ "pebble": {
    "listenAddress": "127.0.0.1:$ca_port",
    "managementListenAddress": "127.0.0.1:$manage_port",
    "certificate": "$scratch/ca/tls.pem",
    "privateKey": "$scratch/ca/tls.key",
    "httpPort": $http_port,
    "tlsPort": $tls_port,
    "externalAccountBindingRequired": true,
    "externalAccountMACKeys": { "$kid": "$hmac" }
} }
EOF
umask 022
pebble-challtestsrv -dns01 "127.0.0.1:$dns_port" -management "127.0.0.1:$dns_manage_port" \
    -http01 '' -https01 '' -tlsalpn01 '' -defaultIPv4 127.0.0.1 -defaultIPv6 '' \
    >"$scratch/ca/dns.log" 2>&1 </dev/null &
dns_pid=$!
PEBBLE_VA_NOSLEEP=1 pebble -config "$scratch/ca/pebble.json" -dnsserver "127.0.0.1:$dns_port" \
    >"$scratch/ca/pebble.log" 2>&1 </dev/null &
pebble_pid=$!
fetch_root() {
    curl -sf --noproxy '*' --cacert "$scratch/ca/tls.pem" -o "$scratch/ca/root.pem" \
        "https://localhost:$manage_port/roots/0"
}
wait_for 15 fetch_root || fail "The certificate authority does not answer."

cat >"$scratch/httpd/acme.conf" <<EOF
ACMEServer            https://localhost:$ca_port/dir
ACMECACertificateFile $scratch/ca/tls.pem
ACMEEABKid            $kid
ACMEEABKey            file:$scratch/httpd/eab.key
ACMEContact           webmaster@demo.example
ACMETermsOfService    accepted
ACMEManagedDomain     $name demo.example

<VirtualHost *:$https_port>
    ServerName  $name
    ServerAlias demo.example
    SSLEngine   on
</VirtualHost>
EOF
cat >"$scratch/httpd/httpd.conf" <<EOF
ServerRoot "$scratch/httpd"
ServerName localhost
DefaultRuntimeDir "$scratch/httpd"
PidFile "$scratch/httpd/httpd.pid"
ErrorLog "$scratch/httpd/error.log"
LogLevel warn acme_eab:info
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule socache_shmcb_module $modules/mod_socache_shmcb.so
LoadModule ssl_module $modules/mod_ssl.so
LoadModule acme_eab_module $scratch/prefix/modules/mod_acme_eab.so
User www-data
Group www-data
Listen 127.0.0.1:$http_port
Listen 127.0.0.1:$https_port
SSLSessionCache shmcb:$scratch/httpd/ssl_scache(102400)
DocumentRoot "$scratch/httpd/htdocs"
ACMEStoreDir "$scratch/httpd/store"
ACMERunDir "$scratch/httpd/run"
<Location /acme-status>
    SetHandler acme-status
</Location>
Include "$scratch/httpd/acme.conf"
EOF
echo "Hello from $name" >"$scratch/httpd/htdocs/index.html"

say "The configuration that an administrator writes:"
sed 's/^/            /' "$scratch/httpd/acme.conf"

https() {
    curl -s --noproxy '*' --max-time 5 --cacert "$scratch/ca/root.pem" \
        --resolve "$name:$https_port:127.0.0.1" "$@" "https://$name:$https_port/index.html"
}
trusted() {
    [ "$(https -f)" = "Hello from $name" ]
}

say "Starting httpd"
began=$(date +%s%N)
"$apache" -f "$scratch/httpd/httpd.conf" -k start || fail "httpd did not start."
wait_for 10 curl -s --noproxy '*' "http://127.0.0.1:$http_port/index.html" ||
    fail "httpd does not answer."
say "http answers; https has a fallback certificate: $(https -k -o /dev/null -w '%{http_code}' || true)"

# What the CA sees, as it happens: tell PATTERN SENTENCE
tell() {
    wait_for 60 grep -q "$1" "$scratch/ca/pebble.log" || fail "This did not happen: $2"
    say "$2"
}
tell 'Successful newAccount Binding' "the CA has bound our account to the EAB key"
tell 'orders in the db' "a certificate is ordered for $name and demo.example"
tell 'set VALID' "the CA has validated the names (http-01)"
tell 'Issued certificate serial' "the CA has issued the certificate"
tell 'POST /certZ/' "the certificate has arrived and goes live with a graceful restart"
wait_for 60 trusted || fail "https is not trusted."
say "https://$name:$https_port/ is trusted and answers: $(https)"

say "Now without a restart. This is added, and httpd is told once:"
cat >"$scratch/httpd/more.conf" <<EOF
ACMEReload live
<VirtualHost *:$https_port>
    ServerName shop.demo.example
    SSLEngine  on
    ACMEManagedDomain
</VirtualHost>
EOF
sed 's/^/            /' "$scratch/httpd/more.conf"
cat "$scratch/httpd/more.conf" >>"$scratch/httpd/acme.conf"
restarts() {
    grep -c 'resuming normal operations' "$scratch/httpd/error.log" || true
}
before=$(restarts)
restarted() {
    [ "$(restarts)" -gt "$before" ]
}
"$apache" -f "$scratch/httpd/httpd.conf" -k graceful || fail "httpd was not restarted."
wait_for 30 restarted || fail "httpd did not come back."
before=$(restarts)
shop() {
    curl -sf --noproxy '*' --max-time 5 --cacert "$scratch/ca/root.pem" \
        --resolve "shop.demo.example:$https_port:127.0.0.1" \
        "https://shop.demo.example:$https_port/index.html"
}
wait_for 60 shop || fail "https://shop.demo.example/ is not trusted."
say "https://shop.demo.example:$https_port/ is trusted, and httpd was restarted $(($(restarts) - before)) times for it"

echo
echo "Processes (the keeper holds the secrets, the agent talks to the network):"
sleep 0.5
parent=$(cat "$scratch/httpd/httpd.pid")
children=$(pgrep -P "$parent" | paste -sd , -)
ps -o pid,ppid,user,comm -p "$parent,$children,$(pgrep -P "$children" | paste -sd , -)" | sed 's/^/   /'

echo
echo "The certificate:"
openssl s_client -connect "127.0.0.1:$https_port" -servername "$name" \
    -CAfile "$scratch/ca/root.pem" </dev/null 2>/dev/null |
    openssl x509 -noout -subject -issuer -serial -dates -ext subjectAltName | sed 's/^/   /'

echo
echo "What httpd's error log says:"
grep acme_eab "$scratch/httpd/error.log" | sed 's/^/   /'

echo
echo "The status page: http://127.0.0.1:$http_port/acme-status (JSON with ?format=json)"
echo "   from a browser on another machine:"
echo "   ssh -L 8080:127.0.0.1:$http_port root@$(hostname)    and open http://localhost:8080/acme-status"
echo
if [ "$once" = yes ]; then
    say "Done."
    exit 0
fi
echo "Everything is in $scratch, and goes away with Ctrl-C."
while :; do
    sleep 3600 &
    wait $!
done
