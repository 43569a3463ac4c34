# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libkeeper.a
libkeeper_a_SOURCES = \
	mod_acme_eab/keeper/account.c mod_acme_eab/keeper/account.h \
	mod_acme_eab/keeper/activation.c mod_acme_eab/keeper/activation.h \
	mod_acme_eab/keeper/agent_door.c mod_acme_eab/keeper/agent_door.h \
	mod_acme_eab/keeper/agent_line.c mod_acme_eab/keeper/agent_line.h \
	mod_acme_eab/keeper/agent_process.c mod_acme_eab/keeper/agent_process.h \
	mod_acme_eab/keeper/briefing.c mod_acme_eab/keeper/briefing.h \
	mod_acme_eab/keeper/certificate.c mod_acme_eab/keeper/certificate.h \
	mod_acme_eab/keeper/changes.c mod_acme_eab/keeper/changes.h \
	mod_acme_eab/keeper/check.c mod_acme_eab/keeper/check.h \
	mod_acme_eab/keeper/chronicle.c mod_acme_eab/keeper/chronicle.h \
	mod_acme_eab/keeper/control_ask.c mod_acme_eab/keeper/control_ask.h \
	mod_acme_eab/keeper/control_call.c mod_acme_eab/keeper/control_call.h \
	mod_acme_eab/keeper/control_door.c mod_acme_eab/keeper/control_door.h \
	mod_acme_eab/keeper/control_events.c mod_acme_eab/keeper/control_events.h \
	mod_acme_eab/keeper/control_renew.c mod_acme_eab/keeper/control_renew.h \
	mod_acme_eab/keeper/control_revoke.c mod_acme_eab/keeper/control_revoke.h \
	mod_acme_eab/keeper/control_rollover.c mod_acme_eab/keeper/control_rollover.h \
	mod_acme_eab/keeper/control_successor.c mod_acme_eab/keeper/control_successor.h \
	mod_acme_eab/keeper/control_store.c mod_acme_eab/keeper/control_store.h \
	mod_acme_eab/keeper/control_socket.c mod_acme_eab/keeper/control_socket.h \
	mod_acme_eab/keeper/demand.c mod_acme_eab/keeper/demand.h \
	mod_acme_eab/keeper/courier.c mod_acme_eab/keeper/courier.h \
	mod_acme_eab/keeper/delivery.c mod_acme_eab/keeper/delivery.h \
	mod_acme_eab/keeper/directory.c mod_acme_eab/keeper/directory.h \
	mod_acme_eab/keeper/dns.c mod_acme_eab/keeper/dns.h \
	mod_acme_eab/keeper/eabsource.c mod_acme_eab/keeper/eabsource.h \
	mod_acme_eab/keeper/exports.c mod_acme_eab/keeper/exports.h \
	mod_acme_eab/keeper/failing.c mod_acme_eab/keeper/failing.h \
	mod_acme_eab/keeper/gathering.c mod_acme_eab/keeper/gathering.h \
	mod_acme_eab/keeper/herald.c mod_acme_eab/keeper/herald.h \
	mod_acme_eab/keeper/janitor.c mod_acme_eab/keeper/janitor.h \
	mod_acme_eab/keeper/keeper.c mod_acme_eab/keeper/keeper.h \
	mod_acme_eab/keeper/keymaker.c mod_acme_eab/keeper/keymaker.h \
	mod_acme_eab/keeper/leftover.c mod_acme_eab/keeper/leftover.h \
	mod_acme_eab/keeper/loop.c mod_acme_eab/keeper/loop.h \
	mod_acme_eab/keeper/means.h \
	mod_acme_eab/keeper/mending.c mod_acme_eab/keeper/mending.h \
	mod_acme_eab/keeper/model.c mod_acme_eab/keeper/model.h \
	mod_acme_eab/keeper/program.c mod_acme_eab/keeper/program.h \
	mod_acme_eab/keeper/reload.c mod_acme_eab/keeper/reload.h \
	mod_acme_eab/keeper/revocation.c mod_acme_eab/keeper/revocation.h \
	mod_acme_eab/keeper/revoking.c mod_acme_eab/keeper/revoking.h \
	mod_acme_eab/keeper/rollover.c mod_acme_eab/keeper/rollover.h \
	mod_acme_eab/keeper/succession.c mod_acme_eab/keeper/succession.h \
	mod_acme_eab/keeper/deactivation.c mod_acme_eab/keeper/deactivation.h \
	mod_acme_eab/keeper/sandbox.c mod_acme_eab/keeper/sandbox.h \
	mod_acme_eab/keeper/rehearsal.c mod_acme_eab/keeper/rehearsal.h \
	mod_acme_eab/keeper/sentence.c mod_acme_eab/keeper/sentence.h \
	mod_acme_eab/keeper/stage.c mod_acme_eab/keeper/stage.h \
	mod_acme_eab/keeper/staple.c mod_acme_eab/keeper/staple.h \
	mod_acme_eab/keeper/syncer.c mod_acme_eab/keeper/syncer.h \
	mod_acme_eab/keeper/tasks.c mod_acme_eab/keeper/tasks.h \
	mod_acme_eab/keeper/ticket.c mod_acme_eab/keeper/ticket.h \
	mod_acme_eab/keeper/sealing.c mod_acme_eab/keeper/sealing.h \
	mod_acme_eab/keeper/url.c mod_acme_eab/keeper/url.h \
	mod_acme_eab/keeper/validation.c mod_acme_eab/keeper/validation.h \
	mod_acme_eab/keeper/window.c mod_acme_eab/keeper/window.h \
	mod_acme_eab/keeper/witness.c mod_acme_eab/keeper/witness.h
libkeeper_a_CFLAGS = $(JSON_CFLAGS) $(OPENSSL_CFLAGS) $(PROGRAM_CFLAGS)
KEEPER_LIBS = libkeeper.a libexport.a liblive.a libstore.a libpolicy.a libipc.a $(CRYPTO_LIBS) -lpthread

libexec_PROGRAMS += acme-eab-keeper
acme_eab_keeper_SOURCES = mod_acme_eab/keeper/main.c
acme_eab_keeper_CFLAGS = $(JSON_CFLAGS) $(OPENSSL_CFLAGS) $(PROGRAM_CFLAGS)
acme_eab_keeper_LDFLAGS = $(AM_LDFLAGS) $(PROGRAM_LDFLAGS)
acme_eab_keeper_LDADD = $(KEEPER_LIBS)
