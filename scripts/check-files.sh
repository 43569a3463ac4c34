#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Files are opened, made, moved, removed and given away in base/file.c alone, which follows no link
# where it must not, waits for nothing and has limits. Nothing else may call the functions below, or
# hand a path to a library that would open it.
cd "$1" || exit 1
banned='open|open64|openat|openat64|openat2|creat|fopen|fopen64|freopen|opendir|fdopendir|scandir|ftw|nftw|fts_open'
banned="$banned|rename|renameat|renameat2|unlink|unlinkat|rmdir|remove|link|linkat|symlink|symlinkat"
banned="$banned|readlink|readlinkat|mkdir|mkdirat|mkfifo|mkfifoat|mknod|mknodat|truncate"
banned="$banned|mkstemp|mkostemp|mkdtemp|tempnam|tmpfile"
banned="$banned|chown|fchown|lchown|fchownat|chmod|fchmod|fchmodat|utime|utimes|utimensat"
banned="$banned|apr_file_(open|mktemp|copy|append|rename|remove|link|perms_set|attrs_set|mtime_set)"
banned="$banned|apr_dir_(open|make|make_recursive|remove)|apr_temp_dir_get"
banned="$banned|ap_pcfg_openfile|json_(load|dump)_file"
banned="$banned|BIO_new_file|BIO_(read|write|append|rw)_filename|RAND_(load|write)_file"
banned="$banned|SSL_(CTX_)?use_[A-Za-z0-9_]*file(_ex)?|SSL_CTX_load_verify_[a-z]*|SSL_load_client_CA_file[a-z_]*"
banned="$banned|X509_(STORE_load|LOOKUP_load|load)_[a-z_0-9]*|OSSL_STORE_open|CONF_modules_load_file|NCONF_load"
banned="$banned|PEM_(read|write)_(X509|PrivateKey|PUBKEY|PKCS8PrivateKey)[A-Za-z0-9_]*"
# file, function, and why it is right there
exceptions='
base/process.c opendir /proc/self/fd, where the kernel has no close_range()
keeper/sandbox.c open /dev/null
enroll/prompt.c open /dev/tty, the terminal
httpd/fallback.c mkdtemp a directory in /tmp that did not exist before
httpd/site.c readlink /proc/self/exe
crypto/terms.c SSL_CTX_use_certificate_chain_file of files that chain.c has found to be regular
httpd/rehearsal.c open /proc
live/segment.c open /proc/self/fd, a memory file of our own once more, for reading
httpd/relay.c opendir /proc/self/fd, which must be closed one by one
keeper/stage.c open /proc, and files of a mount namespace that is made for one rehearsal
keeper/stage.c fopen /proc
keeper/stage.c opendir /proc
keeper/stage.c readlink /proc
keeper/stage.c mkdir a mount namespace that is made for one rehearsal
keeper/stage.c mkdtemp a directory in /tmp that did not exist before
keeper/stage.c rmdir the same
keeper/witness.c open /proc, to what the parent has open as its standard error; and /dev/null
'
rc=0
for file in */*.[ch]; do
    [ "$file" = base/file.c ] && continue
    # Comments are words, not calls.
    for call in $(sed -e 's@/\*.*\*/@@' -e '/\/\*/,/\*\//d' "$file" \
        | grep -oE "(^|[^A-Za-z0-9_>.])($banned)[[:space:]]*\(" \
        | sed -E 's/^[^A-Za-z]*//; s/[[:space:]]*\($//' | sort -u); do
        if ! echo "$exceptions" | grep -q "^$file $call "; then
            echo "$file: $call() is for base/file.c alone; use the functions of base/file.h"
            rc=1
        fi
    done
done
paths='(PROXY_)?(CAINFO|CAPATH|SSLCERT|SSLKEY|CRLFILE)|COOKIEFILE|COOKIEJAR|NETRC_FILE|ALTSVC|HSTS'
for file in $(grep -HE "CURLOPT_($paths)," */*.[ch] | grep -v ', NULL)' | cut -d: -f1 | sort -u); do
    echo "$file: libcurl must not be given a path that it would open; give it the content"
    rc=1
done
# An exception that nobody needs is one that somebody will use.
while read -r file call _; do
    if [ -n "$file" ] && ! grep -qE "(^|[^A-Za-z0-9_])$call\(" "$file"; then
        echo "scripts/check-files.sh: $file does not call $call() any more"
        rc=1
    fi
done <<END
$exceptions
END
[ $rc = 0 ] && echo "files: ok"
exit $rc
