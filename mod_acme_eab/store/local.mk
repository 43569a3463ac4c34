# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = \
	mod_acme_eab/store/blocked.c mod_acme_eab/store/blocked.h \
	mod_acme_eab/store/act.c mod_acme_eab/store/act.h \
	mod_acme_eab/store/demand.c mod_acme_eab/store/demand.h \
	mod_acme_eab/store/counters.c mod_acme_eab/store/counters.h \
	mod_acme_eab/store/catalogue.c mod_acme_eab/store/catalogue.h \
	mod_acme_eab/store/dnsjournal.c mod_acme_eab/store/dnsjournal.h \
	mod_acme_eab/store/failure.c mod_acme_eab/store/failure.h \
	mod_acme_eab/store/format.c mod_acme_eab/store/format.h \
	mod_acme_eab/store/generation.c mod_acme_eab/store/generation.h \
	mod_acme_eab/store/history.c mod_acme_eab/store/history.h \
	mod_acme_eab/store/journal.c mod_acme_eab/store/journal.h \
	mod_acme_eab/store/leftover.c mod_acme_eab/store/leftover.h \
	mod_acme_eab/store/ledger.c mod_acme_eab/store/ledger.h \
	mod_acme_eab/store/lock.c mod_acme_eab/store/lock.h \
	mod_acme_eab/store/record.c mod_acme_eab/store/record.h \
	mod_acme_eab/store/reload.c mod_acme_eab/store/reload.h \
	mod_acme_eab/store/revocation.c mod_acme_eab/store/revocation.h \
	mod_acme_eab/store/registration.c mod_acme_eab/store/registration.h \
	mod_acme_eab/store/spool.c mod_acme_eab/store/spool.h \
	mod_acme_eab/store/store.c mod_acme_eab/store/store.h \
	mod_acme_eab/store/unexported.c mod_acme_eab/store/unexported.h
libstore_a_CFLAGS = $(JSON_CFLAGS) $(OPENSSL_CFLAGS) $(PIC_CFLAGS)
STORE_LIBS = libstore.a $(CRYPTO_LIBS)
