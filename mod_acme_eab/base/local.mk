# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	mod_acme_eab/base/address.c mod_acme_eab/base/address.h \
	mod_acme_eab/base/aside.c mod_acme_eab/base/aside.h \
	mod_acme_eab/base/block.c mod_acme_eab/base/block.h \
	mod_acme_eab/base/bytes.c mod_acme_eab/base/bytes.h \
	mod_acme_eab/base/clock.c mod_acme_eab/base/clock.h \
	mod_acme_eab/base/event.c mod_acme_eab/base/event.h \
	mod_acme_eab/base/file.c mod_acme_eab/base/file.h \
	mod_acme_eab/base/json.c mod_acme_eab/base/json.h \
	mod_acme_eab/base/log.c mod_acme_eab/base/log.h \
	mod_acme_eab/base/name.c mod_acme_eab/base/name.h \
	mod_acme_eab/base/process.c mod_acme_eab/base/process.h \
	mod_acme_eab/base/result.c mod_acme_eab/base/result.h \
	mod_acme_eab/base/rundir.c mod_acme_eab/base/rundir.h \
	mod_acme_eab/base/text.c mod_acme_eab/base/text.h
libbase_a_CFLAGS = $(JSON_CFLAGS) $(PIC_CFLAGS)
BASE_LIBS = libbase.a $(JANSSON_LIBS) $(APRUTIL_LIBS) $(APR_LIBS)
if SANITIZERS
libbase_a_SOURCES += test/unit/pools.c
endif
