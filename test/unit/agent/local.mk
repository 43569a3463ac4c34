# SPDX-License-Identifier: Apache-2.0
check_LIBRARIES += test/unit/agent/libstage.a
test_unit_agent_libstage_a_SOURCES = test/unit/agent/stage.c test/unit/agent/stage.h \
	test/unit/agent/tls_server.c test/unit/agent/tls_server.h
test_unit_agent_libstage_a_CFLAGS = $(UNIT_CFLAGS) -pthread
AGENT_TEST_LIBS = test/unit/agent/libstage.a test/unit/crypto/libparty.a $(AGENT_LIBS) $(CMOCKA_LIBS)
EXTRA_DIST += test/unit/agent/fake_keeper.h

check_PROGRAMS += \
	test/unit/agent/test_account \
	test/unit/agent/test_revoke \
	test/unit/agent/test_rollover \
	test/unit/agent/test_agenda \
	test/unit/agent/test_agent \
	test/unit/agent/test_answer \
	test/unit/agent/test_answer_tls \
	test/unit/agent/test_authorize \
	test/unit/agent/test_directory \
	test/unit/agent/test_evidence \
	test/unit/agent/test_failing \
	test/unit/agent/test_flight \
	test/unit/agent/test_issue \
	test/unit/agent/test_lapse \
	test/unit/agent/test_lifecycle \
	test/unit/agent/test_link \
	test/unit/agent/test_order \
	test/unit/agent/test_pacing \
	test/unit/agent/test_persist \
	test/unit/agent/test_reading \
	test/unit/agent/test_refused \
	test/unit/agent/test_renewal \
	test/unit/agent/test_resolver \
	test/unit/agent/test_status \
	test/unit/agent/test_stapling \
	test/unit/agent/test_visit \
	test/unit/agent/test_visitor

test_unit_agent_test_agenda_SOURCES = test/unit/agent/test_agenda.c
test_unit_agent_test_agenda_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_agenda_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_agent_SOURCES = test/unit/agent/test_agent.c
test_unit_agent_test_agent_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_agent_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_answer_SOURCES = test/unit/agent/test_answer.c
test_unit_agent_test_answer_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_answer_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_evidence_SOURCES = test/unit/agent/test_evidence.c
test_unit_agent_test_evidence_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_evidence_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_failing_SOURCES = test/unit/agent/test_failing.c
test_unit_agent_test_failing_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_failing_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_flight_SOURCES = test/unit/agent/test_flight.c
test_unit_agent_test_flight_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_flight_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_link_SOURCES = test/unit/agent/test_link.c
test_unit_agent_test_link_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_link_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_pacing_SOURCES = test/unit/agent/test_pacing.c
test_unit_agent_test_pacing_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_pacing_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_reading_SOURCES = test/unit/agent/test_reading.c
test_unit_agent_test_reading_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_reading_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_status_SOURCES = test/unit/agent/test_status.c
test_unit_agent_test_status_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_status_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_steady
test_unit_agent_test_status_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_answer_tls_SOURCES = test/unit/agent/test_answer_tls.c
test_unit_agent_test_answer_tls_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_answer_tls_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_revoke_SOURCES = test/unit/agent/test_revoke.c test/unit/agent/acts.h
test_unit_agent_test_revoke_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_revoke_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_rollover_SOURCES = test/unit/agent/test_rollover.c test/unit/agent/acts.h
test_unit_agent_test_rollover_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_rollover_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_account_SOURCES = test/unit/agent/test_account.c
test_unit_agent_test_account_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_account_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_directory_SOURCES = test/unit/agent/test_directory.c
test_unit_agent_test_directory_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_directory_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_issue_SOURCES = test/unit/agent/test_issue.c
test_unit_agent_test_issue_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_issue_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_authorize_SOURCES = test/unit/agent/test_authorize.c
test_unit_agent_test_authorize_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_authorize_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_lifecycle_SOURCES = test/unit/agent/test_lifecycle.c
test_unit_agent_test_lifecycle_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_lifecycle_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_order_SOURCES = test/unit/agent/test_order.c
test_unit_agent_test_order_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_order_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_refused_SOURCES = test/unit/agent/test_refused.c
test_unit_agent_test_refused_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_refused_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_renewal_SOURCES = test/unit/agent/test_renewal.c
test_unit_agent_test_renewal_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_renewal_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_resolver_SOURCES = test/unit/agent/test_resolver.c
test_unit_agent_test_resolver_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_agent_test_resolver_LDADD = $(AGENT_TEST_LIBS) -lpthread

test_unit_agent_test_persist_SOURCES = test/unit/agent/test_persist.c
test_unit_agent_test_persist_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_persist_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_lapse_SOURCES = test/unit/agent/test_lapse.c
test_unit_agent_test_lapse_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_lapse_LDADD = $(AGENT_TEST_LIBS)


test_unit_agent_test_stapling_SOURCES = test/unit/agent/test_stapling.c
test_unit_agent_test_stapling_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_agent_test_stapling_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_visit_SOURCES = test/unit/agent/test_visit.c
test_unit_agent_test_visit_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_agent_test_visit_LDADD = $(AGENT_TEST_LIBS)

test_unit_agent_test_visitor_SOURCES = test/unit/agent/test_visitor.c
test_unit_agent_test_visitor_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_agent_test_visitor_LDADD = $(AGENT_TEST_LIBS)

check_PROGRAMS += test/unit/agent/test_tally
test_unit_agent_test_tally_SOURCES = test/unit/agent/test_tally.c
test_unit_agent_test_tally_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_tally_LDADD = $(AGENT_TEST_LIBS)

check_PROGRAMS += test/unit/agent/test_knock
test_unit_agent_test_knock_SOURCES = test/unit/agent/test_knock.c
test_unit_agent_test_knock_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_agent_test_knock_LDADD = $(AGENT_TEST_LIBS)
