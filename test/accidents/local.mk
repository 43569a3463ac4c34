# SPDX-License-Identifier: Apache-2.0
#
# For the tests of accidents: a library that is preloaded. It defines what it watches, so the checked
# variants of those functions must not be in its way.
check_LTLIBRARIES += eab_steps.la
eab_steps_la_SOURCES = test/accidents/steps.c mod_acme_eab/ipc/message.c
eab_steps_la_CPPFLAGS = $(AM_CPPFLAGS) -U_FORTIFY_SOURCE
eab_steps_la_CFLAGS = $(JSON_CFLAGS) -U_FORTIFY_SOURCE
eab_steps_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere
eab_steps_la_LIBADD = $(JANSSON_LIBS) -ldl
