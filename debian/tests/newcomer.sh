# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What a newcomer does on a machine with the package, and a CA to do it with. To be sourced; $work is a
# directory for what the CA writes. For debian/tests and scripts/fresh-machine.

name=www.newcomer.example
kid=newcomer-1
ca=https://localhost:14000
manage=https://localhost:15000

fail() {
    echo "FAILED: $*" >&2
    for log in /var/log/apache2/error.log "$work/pebble.log"; do
        [ ! -f "$log" ] || { echo "--- the end of $log" && tail -n 30 "$log"; } >&2
    done
    exit 1
}

# wait_for SECONDS WHAT COMMAND...
wait_for() {
    until=$(($(date +%s) + $1))
    what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$until" ] || fail "this did not come: $what"
        sleep 0.1
    done
}

fetch_root() {
    curl -sf --cacert "$work/tls.pem" -o "$work/root.pem" "$manage/roots/0"
}

# A CA that demands EAB (Pebble), which takes its time to validate, and its DNS, where each name is this
# machine. Sets ca_pid and dns_pid.
start_ca() {
    mkdir -p "$work"
    openssl rand -base64 48 | tr '+/' '-_' | tr -d '=\n' >"$work/hmac"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost -keyout "$work/tls.key" -out "$work/tls.pem" 2>/dev/null
    cat >"$work/pebble.json" <<END
{ "pebble": {
    "listenAddress": "127.0.0.1:14000",
    "managementListenAddress": "127.0.0.1:15000",
    "certificate": "$work/tls.pem",
    "privateKey": "$work/tls.key",
    "httpPort": 80,
    "tlsPort": 443,
    "externalAccountBindingRequired": true,
    "externalAccountMACKeys": { "$kid": "$(cat "$work/hmac")" }
} }
END
    pebble-challtestsrv -dns01 127.0.0.1:8053 -management 127.0.0.1:8055 -http01 '' -https01 '' \
        -tlsalpn01 '' -defaultIPv4 127.0.0.1 -defaultIPv6 '' >"$work/dns.log" 2>&1 </dev/null &
    dns_pid=$!
    PEBBLE_VA_SLEEPTIME=3 pebble -config "$work/pebble.json" -dnsserver 127.0.0.1:8053 \
        >"$work/pebble.log" 2>&1 </dev/null &
    ca_pid=$!
    wait_for 15 "the CA" fetch_root
}

stop_ca() {
    kill "$ca_pid" "$dns_pid" 2>/dev/null || true
}

# How many orders the CA has seen.
orders() {
    sed -n 's/.*There are now \([0-9]*\) orders in the db.*/\1/p' "$work/pebble.log" | tail -n 1
}

# The key, and the lines of README.md with this CA.
configure() {
    install -d -m 700 /etc/apache2/acme
    install -m 600 "$work/hmac" /etc/apache2/acme/eab.key
    cat >/etc/apache2/conf-available/acme.conf <<END
ACMEServer            $ca/dir
ACMECACertificateFile $work/tls.pem
ACMEEABKid            $kid
ACMEEABKey            file:/etc/apache2/acme/eab.key
ACMEContact           webmaster@newcomer.example
ACMETermsOfService    accepted
ACMEManagedDomain     $name newcomer.example
<VirtualHost *:443>
    ServerName  $name
    ServerAlias newcomer.example
    SSLEngine   on
    DocumentRoot /var/www/html
</VirtualHost>
<Location "/acme-status">
    SetHandler acme-status
    Require    local
</Location>
END
    a2enconf -q acme >/dev/null
    apache2ctl configtest >"$work/configtest" 2>&1 || fail "$(cat "$work/configtest")"
}

# trusted NAME: who trusts the CA sees the page.
trusted() {
    curl -sf --noproxy '*' --max-time 5 --cacert "$work/root.pem" --resolve "$1:443:127.0.0.1" \
        -o /dev/null "https://$1/index.html"
}

answers() {
    curl -sf --noproxy '*' --max-time 5 -o /dev/null http://localhost/index.html
}

# users_of PROGRAM: of its processes.
users_of() {
    ps -e -o user:32=,comm= | awk -v program="$1" '$2 == program { print $1 }'
}
runs_as() {
    [ "$(users_of "$1")" = "$2" ]
}

# What there is to see when the certificate is there.
seen() {
    wait_for 60 "a trusted certificate for $name" trusted "$name"
    wait_for 20 "an agent that runs as _acme-eab" runs_as acme-eab-agent _acme-eab
    wait_for 20 "a keeper that runs as root" runs_as acme-eab-keeper root
    wait_for 20 "the status page" grep_status "$name"
    acmectl status --plain | grep -q "$name" || fail "acmectl does not tell of $name"
}
grep_status() {
    curl -sf --noproxy '*' http://localhost/acme-status | grep -q "$1"
}
