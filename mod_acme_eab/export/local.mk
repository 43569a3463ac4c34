# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libexport.a
libexport_a_SOURCES = \
	mod_acme_eab/export/parcel.c mod_acme_eab/export/parcel.h \
	mod_acme_eab/export/package.c mod_acme_eab/export/package.h
libexport_a_CFLAGS = $(JSON_CFLAGS) $(OPENSSL_CFLAGS) $(PIC_CFLAGS)
EXPORT_LIBS = libexport.a $(CRYPTO_LIBS)
