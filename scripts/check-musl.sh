#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All sources of the module and its programs compile against musl without a warning, as far as the compiler looks
# before it makes code. The libraries' headers are those that CPPFLAGS names, and of the system.
cd "$1" || exit 1
if ! command -v musl-gcc >/dev/null; then
    echo "musl: not checked, musl-gcc is not installed (musl-tools)"
    exit 0
fi
headers=$(mktemp -d) || exit 1
trap 'rm -rf "$headers"' EXIT
# musl-gcc looks into no directory of the system but musl's own: what is not of the C library, in one of ours.
machine=$(gcc -print-multiarch)
mkdir "$headers/openssl"
for place in "/usr/include/$machine" /usr/include; do
    for name in asm asm-generic linux curl jansson.h jansson_config.h; do
        [ ! -e "$place/$name" ] || [ -e "$headers/$name" ] || ln -s "$place/$name" "$headers/"
    done
    ln -sf "$place"/openssl/*.h "$headers/openssl/"
done
# What is said once, where it takes most of the time: the headers that most sources include.
cat >"$headers/most.h" <<'END'
#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <apr_thread_proc.h>
#include <jansson.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
END
# shellcheck disable=SC2086 # a list of options
compile() {
    musl-gcc -std=c11 -Wall -Wextra -Werror -D_GNU_SOURCE -DEAB_VERSION='"0"' \
        -DKEEPER_PROGRAM='"k"' -DAGENT_PROGRAM='"a"' -DDEFAULT_STORE_DIR='"s"' -DDEFAULT_RUN_DIR='"r"' \
        -Imod_acme_eab -Iinclude $CPPFLAGS -idirafter "$headers" "$@"
}
compile -x c-header -o "$headers/most.h.gch" "$headers/most.h" &&
    compile -fsyntax-only -include "$headers/most.h" mod_acme_eab/*/*.c || exit 1
echo "musl: all sources compile"
