# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += \
	test/unit/report/test_grade \
	test/unit/report/test_metrics \
	test/unit/report/test_summary

test_unit_report_test_grade_SOURCES = test/unit/report/test_grade.c test/unit/report/parsed.h
test_unit_report_test_grade_CFLAGS = $(UNIT_CFLAGS)
test_unit_report_test_grade_LDADD = $(REPORT_LIBS) $(CMOCKA_LIBS)

test_unit_report_test_metrics_SOURCES = test/unit/report/test_metrics.c test/unit/report/parsed.h
test_unit_report_test_metrics_CFLAGS = $(UNIT_CFLAGS)
test_unit_report_test_metrics_LDADD = $(REPORT_LIBS) $(CMOCKA_LIBS)

test_unit_report_test_summary_SOURCES = test/unit/report/test_summary.c test/unit/report/parsed.h
test_unit_report_test_summary_CFLAGS = $(UNIT_CFLAGS)
test_unit_report_test_summary_LDADD = $(REPORT_LIBS) $(CMOCKA_LIBS)
