# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libpolicy.a
libpolicy_a_SOURCES = \
	mod_acme_eab/policy/budget.c mod_acme_eab/policy/budget.h \
	mod_acme_eab/policy/caa.c mod_acme_eab/policy/caa.h \
	mod_acme_eab/policy/demand.c mod_acme_eab/policy/demand.h \
	mod_acme_eab/policy/event.c mod_acme_eab/policy/event.h \
	mod_acme_eab/policy/fact.c mod_acme_eab/policy/fact.h \
	mod_acme_eab/policy/limit.c mod_acme_eab/policy/limit.h \
	mod_acme_eab/policy/pace.c mod_acme_eab/policy/pace.h \
	mod_acme_eab/policy/problem.c mod_acme_eab/policy/problem.h \
	mod_acme_eab/policy/reload.c mod_acme_eab/policy/reload.h \
	mod_acme_eab/policy/renew.c mod_acme_eab/policy/renew.h \
	mod_acme_eab/policy/restart.c mod_acme_eab/policy/restart.h \
	mod_acme_eab/policy/retry.c mod_acme_eab/policy/retry.h \
	mod_acme_eab/policy/stapling.c mod_acme_eab/policy/stapling.h \
	mod_acme_eab/policy/subset.c mod_acme_eab/policy/subset.h \
	mod_acme_eab/policy/validation.c mod_acme_eab/policy/validation.h
libpolicy_a_CFLAGS = $(JSON_CFLAGS) $(PIC_CFLAGS)
POLICY_LIBS = libpolicy.a $(BASE_LIBS)
