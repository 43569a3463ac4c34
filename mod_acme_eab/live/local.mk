# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += liblive.a
liblive_a_SOURCES = \
	mod_acme_eab/live/pair.c mod_acme_eab/live/pair.h \
	mod_acme_eab/live/segment.c mod_acme_eab/live/segment.h \
	mod_acme_eab/live/stapled.c mod_acme_eab/live/stapled.h \
	mod_acme_eab/live/view.c mod_acme_eab/live/view.h
liblive_a_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS) $(PIC_CFLAGS)
LIVE_LIBS = liblive.a $(CRYPTO_LIBS)
