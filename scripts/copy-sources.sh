#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copy the sources to a directory, without what an earlier build may have left among them, and make
# configure there: copy-sources.sh FROM TO
set -eu
mkdir -p "$2"
tar -C "$1" -cf - --exclude=./.git --exclude='*.o' --exclude='*.a' --exclude='*.so' \
    --exclude=.deps --exclude=.dirstamp --exclude=./autom4te.cache \
    --exclude=./Makefile --exclude=./config.status --exclude=./config.h . | tar -C "$2" -xf -
cd "$2"
autoreconf -fi >autoreconf.log 2>&1 || { cat autoreconf.log; exit 1; }
