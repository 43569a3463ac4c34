# SPDX-License-Identifier: Apache-2.0
STORE_TEST_LIBS = $(STORE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/store/test_store
test_unit_store_test_store_SOURCES = test/unit/store/test_store.c
test_unit_store_test_store_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_store_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += test/unit/store/test_lock
test_unit_store_test_lock_SOURCES = test/unit/store/test_lock.c
test_unit_store_test_lock_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_lock_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += test/unit/store/test_registration
test_unit_store_test_registration_SOURCES = test/unit/store/test_registration.c
test_unit_store_test_registration_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_registration_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += test/unit/store/test_generation
test_unit_store_test_generation_SOURCES = test/unit/store/test_generation.c
test_unit_store_test_generation_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_generation_LDADD = test/unit/crypto/libparty.a $(STORE_TEST_LIBS)

check_PROGRAMS += test/unit/store/test_journal
test_unit_store_test_journal_SOURCES = test/unit/store/test_journal.c
test_unit_store_test_journal_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_journal_LDADD = test/unit/crypto/libparty.a $(STORE_TEST_LIBS)

check_PROGRAMS += test/unit/store/test_catalogue
test_unit_store_test_catalogue_SOURCES = test/unit/store/test_catalogue.c
test_unit_store_test_catalogue_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_catalogue_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += test/unit/store/test_leftover
test_unit_store_test_leftover_SOURCES = test/unit/store/test_leftover.c
test_unit_store_test_leftover_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_leftover_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += test/unit/store/test_blocked
test_unit_store_test_blocked_SOURCES = test/unit/store/test_blocked.c
test_unit_store_test_blocked_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_blocked_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += test/unit/store/test_revocation
test_unit_store_test_revocation_SOURCES = test/unit/store/test_revocation.c
test_unit_store_test_revocation_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_revocation_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += test/unit/store/test_failure
test_unit_store_test_failure_SOURCES = test/unit/store/test_failure.c
test_unit_store_test_failure_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_failure_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += test/unit/store/test_reload
test_unit_store_test_reload_SOURCES = test/unit/store/test_reload.c
test_unit_store_test_reload_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_reload_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += test/unit/store/test_dnsjournal
test_unit_store_test_dnsjournal_SOURCES = test/unit/store/test_dnsjournal.c
test_unit_store_test_dnsjournal_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_dnsjournal_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += test/unit/store/test_history
test_unit_store_test_history_SOURCES = test/unit/store/test_history.c
test_unit_store_test_history_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_history_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += test/unit/store/test_counters
test_unit_store_test_counters_SOURCES = test/unit/store/test_counters.c
test_unit_store_test_counters_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_counters_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += test/unit/store/test_format
test_unit_store_test_format_SOURCES = test/unit/store/test_format.c
test_unit_store_test_format_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_format_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += test/unit/store/test_ledger
test_unit_store_test_ledger_SOURCES = test/unit/store/test_ledger.c
test_unit_store_test_ledger_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_ledger_LDADD = $(STORE_TEST_LIBS)

check_PROGRAMS += test/unit/store/test_spool
test_unit_store_test_spool_SOURCES = test/unit/store/test_spool.c
test_unit_store_test_spool_CFLAGS = $(UNIT_CFLAGS)
test_unit_store_test_spool_LDADD = $(STORE_TEST_LIBS)
