# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libcli.a
libcli_a_SOURCES = \
	mod_acme_eab/cli/account.c \
	mod_acme_eab/cli/backup.c \
	mod_acme_eab/cli/check.c \
	mod_acme_eab/cli/command.c mod_acme_eab/cli/command.h \
	mod_acme_eab/cli/completion.c \
	mod_acme_eab/cli/delete.c \
	mod_acme_eab/cli/door.c mod_acme_eab/cli/door.h \
	mod_acme_eab/cli/events.c \
	mod_acme_eab/cli/export.c \
	mod_acme_eab/cli/help.c mod_acme_eab/cli/help.h \
	mod_acme_eab/cli/import.c \
	mod_acme_eab/cli/log.c \
	mod_acme_eab/cli/metrics.c \
	mod_acme_eab/cli/monitor.c \
	mod_acme_eab/cli/once.c mod_acme_eab/cli/once.h \
	mod_acme_eab/cli/output.c mod_acme_eab/cli/output.h \
	mod_acme_eab/cli/account.c \
	mod_acme_eab/cli/pager.c mod_acme_eab/cli/pager.h \
	mod_acme_eab/cli/program.c mod_acme_eab/cli/program.h \
	mod_acme_eab/cli/renew.c \
	mod_acme_eab/cli/revoke.c \
	mod_acme_eab/cli/report.c mod_acme_eab/cli/report.h \
	mod_acme_eab/cli/show.c \
	mod_acme_eab/cli/status.c \
	mod_acme_eab/cli/table.c mod_acme_eab/cli/table.h \
	mod_acme_eab/cli/verify.c mod_acme_eab/cli/verify.h
libcli_a_CPPFLAGS = $(AM_CPPFLAGS) -DKEEPER_PROGRAM='"$(libexecdir)/acme-eab-keeper"' \
	-DAGENT_PROGRAM='"$(libexecdir)/acme-eab-agent"' \
	-DDEFAULT_STORE_DIR='"$(localstatedir)/lib/acme-eab"' \
	-DDEFAULT_RUN_DIR='"$(runstatedir)/acme-eab"'
libcli_a_CFLAGS = $(JSON_CFLAGS) $(OPENSSL_CFLAGS) $(PROGRAM_CFLAGS)
CLI_LIBS = libcli.a libimport.a libexport.a libreport.a libstore.a libipc.a $(CRYPTO_LIBS)

sbin_PROGRAMS += acmectl
acmectl_SOURCES = mod_acme_eab/cli/main.c
acmectl_CPPFLAGS = $(libcli_a_CPPFLAGS)
acmectl_CFLAGS = $(JSON_CFLAGS) $(PROGRAM_CFLAGS)
acmectl_LDFLAGS = $(AM_LDFLAGS) $(PROGRAM_LDFLAGS)
acmectl_LDADD = $(CLI_LIBS)
