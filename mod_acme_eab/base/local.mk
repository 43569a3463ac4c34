# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libbase.la
libbase_la_SOURCES = \
	mod_acme_eab/base/address.c mod_acme_eab/base/address.h \
	mod_acme_eab/base/bytes.c mod_acme_eab/base/bytes.h \
	mod_acme_eab/base/clock.c mod_acme_eab/base/clock.h \
	mod_acme_eab/base/file.c mod_acme_eab/base/file.h \
	mod_acme_eab/base/json.c mod_acme_eab/base/json.h \
	mod_acme_eab/base/log.c mod_acme_eab/base/log.h \
	mod_acme_eab/base/name.c mod_acme_eab/base/name.h \
	mod_acme_eab/base/process.c mod_acme_eab/base/process.h \
	mod_acme_eab/base/result.c mod_acme_eab/base/result.h \
	mod_acme_eab/base/rundir.c mod_acme_eab/base/rundir.h
libbase_la_CFLAGS = $(JSON_CFLAGS)
libbase_la_LIBADD = $(JANSSON_LIBS) $(APRUTIL_LIBS) $(APR_LIBS)
if SANITIZERS
libbase_la_SOURCES += test/unit/pools.c
endif
