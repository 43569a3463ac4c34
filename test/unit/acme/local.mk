# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += test/unit/acme/fake_answer.h

check_PROGRAMS += test/unit/acme/test_account
test_unit_acme_test_account_SOURCES = test/unit/acme/test_account.c
test_unit_acme_test_account_CFLAGS = $(UNIT_CFLAGS)
test_unit_acme_test_account_LDADD = $(ACME_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/acme/test_answer
test_unit_acme_test_answer_SOURCES = test/unit/acme/test_answer.c
test_unit_acme_test_answer_CFLAGS = $(UNIT_CFLAGS)
test_unit_acme_test_answer_LDADD = $(ACME_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/acme/test_authorization
test_unit_acme_test_authorization_SOURCES = test/unit/acme/test_authorization.c
test_unit_acme_test_authorization_CFLAGS = $(UNIT_CFLAGS)
test_unit_acme_test_authorization_LDADD = $(ACME_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/acme/test_directory
test_unit_acme_test_directory_SOURCES = test/unit/acme/test_directory.c
test_unit_acme_test_directory_CFLAGS = $(UNIT_CFLAGS)
test_unit_acme_test_directory_LDADD = $(ACME_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/acme/test_memory
test_unit_acme_test_memory_SOURCES = test/unit/acme/test_memory.c
test_unit_acme_test_memory_CFLAGS = $(UNIT_CFLAGS)
test_unit_acme_test_memory_LDADD = $(ACME_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/acme/test_order
test_unit_acme_test_order_SOURCES = test/unit/acme/test_order.c
test_unit_acme_test_order_CFLAGS = $(UNIT_CFLAGS)
test_unit_acme_test_order_LDADD = $(ACME_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/acme/test_orderlist
test_unit_acme_test_orderlist_SOURCES = test/unit/acme/test_orderlist.c
test_unit_acme_test_orderlist_CFLAGS = $(UNIT_CFLAGS)
test_unit_acme_test_orderlist_LDADD = $(ACME_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/acme/test_problem
test_unit_acme_test_problem_SOURCES = test/unit/acme/test_problem.c
test_unit_acme_test_problem_CFLAGS = $(UNIT_CFLAGS)
test_unit_acme_test_problem_LDADD = $(ACME_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/acme/test_renewalinfo
test_unit_acme_test_renewalinfo_SOURCES = test/unit/acme/test_renewalinfo.c
test_unit_acme_test_renewalinfo_CFLAGS = $(UNIT_CFLAGS)
test_unit_acme_test_renewalinfo_LDADD = $(ACME_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/acme/test_url
test_unit_acme_test_url_SOURCES = test/unit/acme/test_url.c
test_unit_acme_test_url_CFLAGS = $(UNIT_CFLAGS)
test_unit_acme_test_url_LDADD = $(ACME_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/acme/test_session
test_unit_acme_test_session_SOURCES = test/unit/acme/test_session.c
test_unit_acme_test_session_CFLAGS = $(UNIT_CFLAGS)
test_unit_acme_test_session_LDADD = $(ACME_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/acme/test_http
test_unit_acme_test_http_SOURCES = test/unit/acme/test_http.c
test_unit_acme_test_http_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_acme_test_http_LDADD = $(ACME_LIBS) $(CMOCKA_LIBS) -lpthread

# The same with what http.c does for libcurl 7.76, which the newest one still takes.
check_PROGRAMS += test/unit/acme/test_http_older
test_unit_acme_test_http_older_SOURCES = test/unit/acme/test_http.c mod_acme_eab/acme/http.c
test_unit_acme_test_http_older_CPPFLAGS = $(AM_CPPFLAGS) -DEAB_LIBCURL_VERSION=0x074c00 -DCURL_DISABLE_DEPRECATION
test_unit_acme_test_http_older_CFLAGS = $(UNIT_CFLAGS) $(CURL_CFLAGS) -pthread
test_unit_acme_test_http_older_LDADD = $(ACME_LIBS) $(CMOCKA_LIBS) -lpthread

check_PROGRAMS += test/unit/acme/test_persist
test_unit_acme_test_persist_SOURCES = test/unit/acme/test_persist.c
test_unit_acme_test_persist_CFLAGS = $(UNIT_CFLAGS)
test_unit_acme_test_persist_LDADD = $(ACME_LIBS) $(CMOCKA_LIBS)
