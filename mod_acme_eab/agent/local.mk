# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libagent.a
libagent_a_SOURCES = \
	mod_acme_eab/agent/deactivate.c mod_acme_eab/agent/deactivate.h \
	mod_acme_eab/agent/recognize.c mod_acme_eab/agent/recognize.h \
	mod_acme_eab/agent/revoke.c mod_acme_eab/agent/revoke.h \
	mod_acme_eab/agent/rollover.c mod_acme_eab/agent/rollover.h \
	mod_acme_eab/agent/account.c mod_acme_eab/agent/account.h \
	mod_acme_eab/agent/agenda.c mod_acme_eab/agent/agenda.h \
	mod_acme_eab/agent/agent.c mod_acme_eab/agent/agent.h \
	mod_acme_eab/agent/answer.c mod_acme_eab/agent/answer.h \
	mod_acme_eab/agent/attempt.c mod_acme_eab/agent/attempt.h \
	mod_acme_eab/agent/authorize.c mod_acme_eab/agent/authorize.h \
	mod_acme_eab/agent/dice.c mod_acme_eab/agent/dice.h \
	mod_acme_eab/agent/directory.c mod_acme_eab/agent/directory.h \
	mod_acme_eab/agent/doubt.c mod_acme_eab/agent/doubt.h \
	mod_acme_eab/agent/entry.c mod_acme_eab/agent/entry.h \
	mod_acme_eab/agent/evidence.c mod_acme_eab/agent/evidence.h \
	mod_acme_eab/agent/failing.c mod_acme_eab/agent/failing.h \
	mod_acme_eab/agent/finding.c mod_acme_eab/agent/finding.h \
	mod_acme_eab/agent/flight.c mod_acme_eab/agent/flight.h \
	mod_acme_eab/agent/inspect.c mod_acme_eab/agent/inspect.h \
	mod_acme_eab/agent/issue.c mod_acme_eab/agent/issue.h \
	mod_acme_eab/agent/job.c mod_acme_eab/agent/job.h \
	mod_acme_eab/agent/kit.c mod_acme_eab/agent/kit.h \
	mod_acme_eab/agent/knock.c mod_acme_eab/agent/knock.h \
	mod_acme_eab/agent/lapse.c mod_acme_eab/agent/lapse.h \
	mod_acme_eab/agent/lifecycle.c mod_acme_eab/agent/lifecycle.h \
	mod_acme_eab/agent/link.c mod_acme_eab/agent/link.h \
	mod_acme_eab/agent/lookup.c mod_acme_eab/agent/lookup.h \
	mod_acme_eab/agent/opening.c mod_acme_eab/agent/opening.h \
	mod_acme_eab/agent/order.c mod_acme_eab/agent/order.h \
	mod_acme_eab/agent/pacing.c mod_acme_eab/agent/pacing.h \
	mod_acme_eab/agent/permission.c mod_acme_eab/agent/permission.h \
	mod_acme_eab/agent/persist.c mod_acme_eab/agent/persist.h \
	mod_acme_eab/agent/reach.c mod_acme_eab/agent/reach.h \
	mod_acme_eab/agent/reading.c mod_acme_eab/agent/reading.h \
	mod_acme_eab/agent/refused.c mod_acme_eab/agent/refused.h \
	mod_acme_eab/agent/renewal.c mod_acme_eab/agent/renewal.h \
	mod_acme_eab/agent/resolver.c mod_acme_eab/agent/resolver.h \
	mod_acme_eab/agent/sandbox.c mod_acme_eab/agent/sandbox.h \
	mod_acme_eab/agent/schedule.c mod_acme_eab/agent/schedule.h \
	mod_acme_eab/agent/stapling.c mod_acme_eab/agent/stapling.h \
	mod_acme_eab/agent/tally.c mod_acme_eab/agent/tally.h \
	mod_acme_eab/agent/status.c mod_acme_eab/agent/status.h \
	mod_acme_eab/agent/task.c mod_acme_eab/agent/task.h \
	mod_acme_eab/agent/tasks.c mod_acme_eab/agent/tasks.h \
	mod_acme_eab/agent/trial.c mod_acme_eab/agent/trial.h \
	mod_acme_eab/agent/trouble.c mod_acme_eab/agent/trouble.h \
	mod_acme_eab/agent/visit.c mod_acme_eab/agent/visit.h \
	mod_acme_eab/agent/visitor.c mod_acme_eab/agent/visitor.h
libagent_a_CFLAGS = $(JSON_CFLAGS) $(OPENSSL_CFLAGS) $(PROGRAM_CFLAGS)
AGENT_LIBS = libagent.a libacme.a libpolicy.a libipc.a $(CRYPTO_LIBS) $(CURL_LIBS) -lpthread

libexec_PROGRAMS += acme-eab-agent
acme_eab_agent_SOURCES = mod_acme_eab/agent/main.c
acme_eab_agent_CFLAGS = $(JSON_CFLAGS) $(PROGRAM_CFLAGS)
acme_eab_agent_LDFLAGS = $(AM_LDFLAGS) $(PROGRAM_LDFLAGS)
acme_eab_agent_LDADD = $(AGENT_LIBS)
