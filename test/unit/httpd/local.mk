# SPDX-License-Identifier: Apache-2.0
HTTPD_TEST_LIBS = $(HTTPD_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += \
	test/unit/httpd/test_bar \
	test/unit/httpd/test_selection \
	test/unit/httpd/test_wish \
	test/unit/httpd/test_fallback \
	test/unit/httpd/test_lines \
	test/unit/httpd/test_mistake \
	test/unit/httpd/test_own \
	test/unit/httpd/test_owners \
	test/unit/httpd/test_page \
	test/unit/httpd/test_pending \
	test/unit/httpd/test_program \
	test/unit/httpd/test_report \
	test/unit/httpd/test_value

test_unit_httpd_test_fallback_SOURCES = test/unit/httpd/test_fallback.c
test_unit_httpd_test_fallback_CFLAGS = $(UNIT_CFLAGS)
test_unit_httpd_test_fallback_LDADD = $(HTTPD_TEST_LIBS)

test_unit_httpd_test_lines_SOURCES = test/unit/httpd/test_lines.c
test_unit_httpd_test_lines_CFLAGS = $(UNIT_CFLAGS)
test_unit_httpd_test_lines_LDADD = $(HTTPD_TEST_LIBS)

test_unit_httpd_test_mistake_SOURCES = test/unit/httpd/test_mistake.c
test_unit_httpd_test_mistake_CFLAGS = $(UNIT_CFLAGS)
test_unit_httpd_test_mistake_LDADD = $(HTTPD_TEST_LIBS)

test_unit_httpd_test_owners_SOURCES = test/unit/httpd/test_owners.c
test_unit_httpd_test_owners_CFLAGS = $(UNIT_CFLAGS)
test_unit_httpd_test_owners_LDADD = $(HTTPD_TEST_LIBS)

test_unit_httpd_test_own_SOURCES = test/unit/httpd/test_own.c
test_unit_httpd_test_own_CFLAGS = $(UNIT_CFLAGS)
test_unit_httpd_test_own_LDADD = test/unit/crypto/libparty.a $(HTTPD_TEST_LIBS)

test_unit_httpd_test_page_SOURCES = test/unit/httpd/test_page.c
test_unit_httpd_test_page_CFLAGS = $(UNIT_CFLAGS)
test_unit_httpd_test_page_LDADD = $(HTTPD_TEST_LIBS)

test_unit_httpd_test_pending_SOURCES = test/unit/httpd/test_pending.c
test_unit_httpd_test_pending_CFLAGS = $(UNIT_CFLAGS)
test_unit_httpd_test_pending_LDADD = $(HTTPD_TEST_LIBS)

test_unit_httpd_test_program_SOURCES = test/unit/httpd/test_program.c
test_unit_httpd_test_program_CFLAGS = $(UNIT_CFLAGS)
test_unit_httpd_test_program_LDADD = $(HTTPD_TEST_LIBS)

test_unit_httpd_test_report_SOURCES = test/unit/httpd/test_report.c
test_unit_httpd_test_report_CFLAGS = $(UNIT_CFLAGS)
test_unit_httpd_test_report_LDADD = $(HTTPD_TEST_LIBS)

test_unit_httpd_test_value_SOURCES = test/unit/httpd/test_value.c
test_unit_httpd_test_value_CFLAGS = $(UNIT_CFLAGS)
test_unit_httpd_test_value_LDADD = $(HTTPD_TEST_LIBS)

test_unit_httpd_test_bar_SOURCES = test/unit/httpd/test_bar.c
test_unit_httpd_test_bar_CFLAGS = $(UNIT_CFLAGS)
test_unit_httpd_test_bar_LDADD = $(HTTPD_TEST_LIBS)

test_unit_httpd_test_selection_SOURCES = test/unit/httpd/test_selection.c test/unit/report/parsed.h
test_unit_httpd_test_selection_CFLAGS = $(UNIT_CFLAGS)
test_unit_httpd_test_selection_LDADD = $(HTTPD_TEST_LIBS)

test_unit_httpd_test_wish_SOURCES = test/unit/httpd/test_wish.c
test_unit_httpd_test_wish_CFLAGS = $(UNIT_CFLAGS)
test_unit_httpd_test_wish_LDADD = $(HTTPD_TEST_LIBS)
