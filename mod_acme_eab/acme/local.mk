# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libacme.a
libacme_a_SOURCES = \
	mod_acme_eab/acme/account.c mod_acme_eab/acme/account.h \
	mod_acme_eab/acme/answer.c mod_acme_eab/acme/answer.h \
	mod_acme_eab/acme/authorization.c mod_acme_eab/acme/authorization.h \
	mod_acme_eab/acme/directory.c mod_acme_eab/acme/directory.h \
	mod_acme_eab/acme/http.c mod_acme_eab/acme/http.h \
	mod_acme_eab/acme/memory.c mod_acme_eab/acme/memory.h \
	mod_acme_eab/acme/order.c mod_acme_eab/acme/order.h \
	mod_acme_eab/acme/orderlist.c mod_acme_eab/acme/orderlist.h \
	mod_acme_eab/acme/persist.c mod_acme_eab/acme/persist.h \
	mod_acme_eab/acme/problem.c mod_acme_eab/acme/problem.h \
	mod_acme_eab/acme/renewalinfo.c mod_acme_eab/acme/renewalinfo.h \
	mod_acme_eab/acme/session.c mod_acme_eab/acme/session.h \
	mod_acme_eab/acme/transport.h \
	mod_acme_eab/acme/url.c mod_acme_eab/acme/url.h
libacme_a_CFLAGS = $(JSON_CFLAGS) $(CURL_CFLAGS) $(PIC_CFLAGS)
ACME_LIBS = libacme.a $(CRYPTO_LIBS) $(CURL_LIBS)
