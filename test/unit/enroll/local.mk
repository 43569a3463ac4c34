# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += test/unit/enroll/test_account
test_unit_enroll_test_account_SOURCES = test/unit/enroll/test_account.c
test_unit_enroll_test_account_CFLAGS = $(UNIT_CFLAGS)
test_unit_enroll_test_account_LDADD = $(ENROLL_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/enroll/test_exchange
test_unit_enroll_test_exchange_SOURCES = test/unit/enroll/test_exchange.c
test_unit_enroll_test_exchange_CFLAGS = $(UNIT_CFLAGS)
test_unit_enroll_test_exchange_LDADD = $(ENROLL_LIBS) $(CMOCKA_LIBS)

# The same with what exchange.c does for libcurl 7.76.
check_PROGRAMS += test/unit/enroll/test_exchange_older
test_unit_enroll_test_exchange_older_SOURCES = test/unit/enroll/test_exchange.c mod_acme_eab/enroll/exchange.c
test_unit_enroll_test_exchange_older_CPPFLAGS = $(AM_CPPFLAGS) -DEAB_LIBCURL_VERSION=0x074c00 -DCURL_DISABLE_DEPRECATION
test_unit_enroll_test_exchange_older_CFLAGS = $(UNIT_CFLAGS) $(CURL_CFLAGS)
test_unit_enroll_test_exchange_older_LDADD = $(ENROLL_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/enroll/test_refusal
test_unit_enroll_test_refusal_SOURCES = test/unit/enroll/test_refusal.c
test_unit_enroll_test_refusal_CFLAGS = $(UNIT_CFLAGS)
test_unit_enroll_test_refusal_LDADD = $(ENROLL_LIBS) $(CMOCKA_LIBS)
