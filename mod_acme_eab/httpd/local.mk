# SPDX-License-Identifier: Apache-2.0
#
# The module. It is not built with sanitizers: httpd itself has none. What can be tested without
# httpd is a library of its own, without httpd's headers.
noinst_LIBRARIES += libhttpd.a
libhttpd_a_SOURCES = \
	mod_acme_eab/httpd/eventcommand.c mod_acme_eab/httpd/eventcommand.h \
	mod_acme_eab/httpd/lines.c mod_acme_eab/httpd/lines.h \
	mod_acme_eab/httpd/mistake.c mod_acme_eab/httpd/mistake.h \
	mod_acme_eab/httpd/own.c mod_acme_eab/httpd/own.h \
	mod_acme_eab/httpd/owners.c mod_acme_eab/httpd/owners.h \
	mod_acme_eab/httpd/pending.c mod_acme_eab/httpd/pending.h \
	mod_acme_eab/httpd/accountbox.c mod_acme_eab/httpd/accountbox.h \
	mod_acme_eab/httpd/bar.c mod_acme_eab/httpd/bar.h \
	mod_acme_eab/httpd/html.c mod_acme_eab/httpd/html.h \
	mod_acme_eab/httpd/page.c mod_acme_eab/httpd/page.h \
	mod_acme_eab/httpd/problembox.c mod_acme_eab/httpd/problembox.h \
	mod_acme_eab/httpd/row.c mod_acme_eab/httpd/row.h \
	mod_acme_eab/httpd/selection.c mod_acme_eab/httpd/selection.h \
	mod_acme_eab/httpd/style.c mod_acme_eab/httpd/style.h \
	mod_acme_eab/httpd/wish.c mod_acme_eab/httpd/wish.h \
	mod_acme_eab/httpd/words.c mod_acme_eab/httpd/words.h \
	mod_acme_eab/httpd/program.c mod_acme_eab/httpd/program.h \
	mod_acme_eab/httpd/report.c mod_acme_eab/httpd/report.h \
	mod_acme_eab/httpd/value.c mod_acme_eab/httpd/value.h \
	mod_acme_eab/httpd/fallback.c mod_acme_eab/httpd/fallback.h
libhttpd_a_CFLAGS = $(JSON_CFLAGS) $(OPENSSL_CFLAGS) $(PIC_CFLAGS)
HTTPD_LIBS = libhttpd.a libexport.a libreport.a liblive.a libstore.a libipc.a $(CRYPTO_LIBS)

include_HEADERS += include/mod_acme_eab.h

httpd_sources = \
	mod_acme_eab/httpd/alpn.c mod_acme_eab/httpd/alpn.h \
	mod_acme_eab/httpd/answer.c mod_acme_eab/httpd/answer.h \
	mod_acme_eab/httpd/check.c mod_acme_eab/httpd/check.h \
	mod_acme_eab/httpd/config.c mod_acme_eab/httpd/config.h \
	mod_acme_eab/httpd/connection.c mod_acme_eab/httpd/connection.h \
	mod_acme_eab/httpd/directive.c mod_acme_eab/httpd/directive.h \
	mod_acme_eab/httpd/heldkey.c mod_acme_eab/httpd/heldkey.h \
	mod_acme_eab/httpd/door.c mod_acme_eab/httpd/door.h \
	mod_acme_eab/httpd/dump.c mod_acme_eab/httpd/dump.h \
	mod_acme_eab/httpd/export.c mod_acme_eab/httpd/export.h \
	mod_acme_eab/httpd/known.c mod_acme_eab/httpd/known.h \
	mod_acme_eab/httpd/handover.c mod_acme_eab/httpd/handover.h \
	mod_acme_eab/httpd/live.c mod_acme_eab/httpd/live.h \
	mod_acme_eab/httpd/loss.c mod_acme_eab/httpd/loss.h \
	mod_acme_eab/httpd/match.c mod_acme_eab/httpd/match.h \
	mod_acme_eab/httpd/mod_acme_eab.c \
	mod_acme_eab/httpd/query.c mod_acme_eab/httpd/query.h \
	mod_acme_eab/httpd/rehearsal.c mod_acme_eab/httpd/rehearsal.h \
	mod_acme_eab/httpd/relay.c mod_acme_eab/httpd/relay.h \
	mod_acme_eab/httpd/site.c mod_acme_eab/httpd/site.h \
	mod_acme_eab/httpd/serverstatus.c mod_acme_eab/httpd/serverstatus.h \
	mod_acme_eab/httpd/ssl.c mod_acme_eab/httpd/ssl.h \
	mod_acme_eab/httpd/stapling.c mod_acme_eab/httpd/stapling.h \
	mod_acme_eab/httpd/status.c mod_acme_eab/httpd/status.h \
	mod_acme_eab/httpd/supervise.c mod_acme_eab/httpd/supervise.h \
	mod_acme_eab/httpd/tree.c mod_acme_eab/httpd/tree.h \
	mod_acme_eab/httpd/vhosts.c mod_acme_eab/httpd/vhosts.h
module_map = mod_acme_eab/httpd/module.map
EXTRA_DIST += $(httpd_sources) $(module_map) test/module/mod_eab_probe.c

if !SANITIZERS
module_PROGRAMS = mod_acme_eab.so
mod_acme_eab_so_SOURCES = $(httpd_sources)
mod_acme_eab_so_CPPFLAGS = $(AM_CPPFLAGS) $(HTTPD_CPPFLAGS) \
	-DKEEPER_PROGRAM='"$(libexecdir)/acme-eab-keeper"' \
	-DAGENT_PROGRAM='"$(libexecdir)/acme-eab-agent"' \
	-DDEFAULT_STORE_DIR='"$(localstatedir)/lib/acme-eab"' \
	-DDEFAULT_RUN_DIR='"$(runstatedir)/acme-eab"'
mod_acme_eab_so_CFLAGS = $(JSON_CFLAGS) $(OPENSSL_CFLAGS) $(PIC_CFLAGS)
mod_acme_eab_so_LDFLAGS = $(AM_LDFLAGS) -shared -Wl,--version-script=$(srcdir)/$(module_map)
mod_acme_eab_so_LDADD = $(HTTPD_LIBS)
EXTRA_mod_acme_eab_so_DEPENDENCIES = $(module_map)

# For the integration tests: a module that asks ours.
EXTRA_PROGRAMS += mod_eab_probe.so
check_DATA += mod_eab_probe.so
mod_eab_probe_so_SOURCES = test/module/mod_eab_probe.c
mod_eab_probe_so_CPPFLAGS = $(AM_CPPFLAGS) $(HTTPD_CPPFLAGS)
mod_eab_probe_so_CFLAGS = $(AM_CFLAGS) $(PIC_CFLAGS)
mod_eab_probe_so_LDFLAGS = $(AM_LDFLAGS) -shared
endif
