# SPDX-License-Identifier: Apache-2.0

# Not the whole directory, as this one is built in.
EXTRA_DIST += \
	test/accidents/accidents.py \
	test/accidents/board.py \
	test/accidents/conftest.py \
	test/accidents/disk.py \
	test/accidents/interrupted.py \
	test/accidents/plan.py \
	test/accidents/run \
	test/accidents/scenarios.py \
	test/accidents/test_accidents.py

# For the tests of accidents: a library that is preloaded. It defines what it watches, so the checked
# variants of those functions must not be in its way, and shows nothing else of what it consists of.
check_LTLIBRARIES += eab_steps.la
eab_steps_la_SOURCES = test/accidents/steps.c
eab_steps_la_CPPFLAGS = $(AM_CPPFLAGS) -U_FORTIFY_SOURCE
eab_steps_la_CFLAGS = $(JSON_CFLAGS) -U_FORTIFY_SOURCE
eab_steps_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere \
	-export-symbols-regex '^(open|open64|openat|openat64|close|write|fsync|rename|symlink|mkdir|unlink|unlinkat|send|recv|posix_spawn|kill|clock_gettime|gettimeofday|time|poll|__poll_chk)$$'
eab_steps_la_LIBADD = libipc.la $(JANSSON_LIBS) $(APRUTIL_LIBS) $(APR_LIBS) -ldl
