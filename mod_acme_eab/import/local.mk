# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libimport.a
libimport_a_SOURCES = \
	mod_acme_eab/import/acmesh.c \
	mod_acme_eab/import/assignment.c mod_acme_eab/import/assignment.h \
	mod_acme_eab/import/bundle.c mod_acme_eab/import/bundle.h \
	mod_acme_eab/import/caddy.c \
	mod_acme_eab/import/certbot.c \
	mod_acme_eab/import/dehydrated.c \
	mod_acme_eab/import/directives.c mod_acme_eab/import/directives.h \
	mod_acme_eab/import/format.c mod_acme_eab/import/format.h \
	mod_acme_eab/import/found.c mod_acme_eab/import/found.h \
	mod_acme_eab/import/haproxy.c \
	mod_acme_eab/import/intake.c mod_acme_eab/import/intake.h \
	mod_acme_eab/import/lego.c \
	mod_acme_eab/import/mod_md.c \
	mod_acme_eab/import/pem.c \
	mod_acme_eab/import/pfx.c \
	mod_acme_eab/import/posh_acme.c \
	mod_acme_eab/import/source.c mod_acme_eab/import/source.h \
	mod_acme_eab/import/traefik.c
libimport_a_CFLAGS = $(JSON_CFLAGS) $(OPENSSL_CFLAGS) $(PROGRAM_CFLAGS)
IMPORT_LIBS = libimport.a $(STORE_LIBS)
