# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += test/unit/policy/test_budget
test_unit_policy_test_budget_SOURCES = test/unit/policy/test_budget.c
test_unit_policy_test_budget_CFLAGS = $(UNIT_CFLAGS)
test_unit_policy_test_budget_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/policy/test_problem
test_unit_policy_test_problem_SOURCES = test/unit/policy/test_problem.c
test_unit_policy_test_problem_CFLAGS = $(UNIT_CFLAGS)
test_unit_policy_test_problem_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/policy/test_reload
test_unit_policy_test_reload_SOURCES = test/unit/policy/test_reload.c
test_unit_policy_test_reload_CFLAGS = $(UNIT_CFLAGS)
test_unit_policy_test_reload_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/policy/test_renew
test_unit_policy_test_renew_SOURCES = test/unit/policy/test_renew.c
test_unit_policy_test_renew_CFLAGS = $(UNIT_CFLAGS)
test_unit_policy_test_renew_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/policy/test_retry
test_unit_policy_test_retry_SOURCES = test/unit/policy/test_retry.c
test_unit_policy_test_retry_CFLAGS = $(UNIT_CFLAGS)
test_unit_policy_test_retry_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/policy/test_pace
test_unit_policy_test_pace_SOURCES = test/unit/policy/test_pace.c
test_unit_policy_test_pace_CFLAGS = $(UNIT_CFLAGS)
test_unit_policy_test_pace_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/policy/test_subset
test_unit_policy_test_subset_SOURCES = test/unit/policy/test_subset.c
test_unit_policy_test_subset_CFLAGS = $(UNIT_CFLAGS)
test_unit_policy_test_subset_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/policy/test_restart
test_unit_policy_test_restart_SOURCES = test/unit/policy/test_restart.c
test_unit_policy_test_restart_CFLAGS = $(UNIT_CFLAGS)
test_unit_policy_test_restart_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/policy/test_limit
test_unit_policy_test_limit_SOURCES = test/unit/policy/test_limit.c
test_unit_policy_test_limit_CFLAGS = $(UNIT_CFLAGS)
test_unit_policy_test_limit_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/policy/test_validation
test_unit_policy_test_validation_SOURCES = test/unit/policy/test_validation.c
test_unit_policy_test_validation_CFLAGS = $(UNIT_CFLAGS)
test_unit_policy_test_validation_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/policy/test_fact
test_unit_policy_test_fact_SOURCES = test/unit/policy/test_fact.c
test_unit_policy_test_fact_CFLAGS = $(UNIT_CFLAGS)
test_unit_policy_test_fact_LDADD = test/unit/crypto/libparty.a libpolicy.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/policy/test_event
test_unit_policy_test_event_SOURCES = test/unit/policy/test_event.c
test_unit_policy_test_event_CFLAGS = $(UNIT_CFLAGS)
test_unit_policy_test_event_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/policy/test_stapling
test_unit_policy_test_stapling_SOURCES = test/unit/policy/test_stapling.c
test_unit_policy_test_stapling_CFLAGS = $(UNIT_CFLAGS)
test_unit_policy_test_stapling_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/policy/test_caa
test_unit_policy_test_caa_SOURCES = test/unit/policy/test_caa.c
test_unit_policy_test_caa_CFLAGS = $(UNIT_CFLAGS)
test_unit_policy_test_caa_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
