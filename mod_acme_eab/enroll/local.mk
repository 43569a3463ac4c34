# SPDX-License-Identifier: Apache-2.0
#
# A program for an administrator's machine, which the module does without: configure --disable-enroll.
noinst_LIBRARIES += libenroll.a
libenroll_a_SOURCES = \
	mod_acme_eab/enroll/account.c mod_acme_eab/enroll/account.h \
	mod_acme_eab/enroll/certinext.c mod_acme_eab/enroll/certinext.h \
	mod_acme_eab/enroll/digicert.c mod_acme_eab/enroll/digicert.h \
	mod_acme_eab/enroll/errand.c mod_acme_eab/enroll/errand.h \
	mod_acme_eab/enroll/exchange.c mod_acme_eab/enroll/exchange.h \
	mod_acme_eab/enroll/journal.c mod_acme_eab/enroll/journal.h \
	mod_acme_eab/enroll/keyfile.c mod_acme_eab/enroll/keyfile.h \
	mod_acme_eab/enroll/manager.c mod_acme_eab/enroll/manager.h \
	mod_acme_eab/enroll/option.c mod_acme_eab/enroll/option.h \
	mod_acme_eab/enroll/pair.c mod_acme_eab/enroll/pair.h \
	mod_acme_eab/enroll/problem.c mod_acme_eab/enroll/problem.h \
	mod_acme_eab/enroll/prompt.c mod_acme_eab/enroll/prompt.h \
	mod_acme_eab/enroll/refusal.c mod_acme_eab/enroll/refusal.h \
	mod_acme_eab/enroll/sectigo.c mod_acme_eab/enroll/sectigo.h \
	mod_acme_eab/enroll/source.c mod_acme_eab/enroll/source.h \
	mod_acme_eab/enroll/zerossl.c mod_acme_eab/enroll/zerossl.h
libenroll_a_CFLAGS = $(JSON_CFLAGS) $(OPENSSL_CFLAGS) $(CURL_CFLAGS) $(PROGRAM_CFLAGS)
ENROLL_LIBS = libenroll.a $(CRYPTO_LIBS) $(CURL_LIBS)

bin_PROGRAMS += acme-eab-enroll
acme_eab_enroll_SOURCES = mod_acme_eab/enroll/main.c
acme_eab_enroll_CFLAGS = $(JSON_CFLAGS) $(PROGRAM_CFLAGS)
acme_eab_enroll_LDFLAGS = $(AM_LDFLAGS) $(PROGRAM_LDFLAGS)
acme_eab_enroll_LDADD = $(ENROLL_LIBS)
dist_man_MANS += docs/man/acme-eab-enroll.1
