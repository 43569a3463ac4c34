# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libreport.a
libreport_a_SOURCES = \
	mod_acme_eab/report/grade.c mod_acme_eab/report/grade.h \
	mod_acme_eab/report/metrics.c mod_acme_eab/report/metrics.h \
	mod_acme_eab/report/summary.c mod_acme_eab/report/summary.h
libreport_a_CFLAGS = $(JSON_CFLAGS) $(PIC_CFLAGS)
REPORT_LIBS = libreport.a $(BASE_LIBS)
