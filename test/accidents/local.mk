# SPDX-License-Identifier: Apache-2.0

# Not the whole directory, as this one is built in.
EXTRA_DIST += \
	test/accidents/accidents.py \
	test/accidents/conftest.py \
	test/accidents/disk.py \
	test/accidents/interrupted.py \
	test/accidents/plan.py \
	test/accidents/run \
	test/accidents/scenarios.py \
	test/accidents/telling.py \
	test/accidents/test_accidents.py

# For the tests of accidents: a library that is preloaded. It defines what it watches, so the checked
# variants of those functions must not be in its way, and shows nothing else of what it consists of.
EXTRA_PROGRAMS += eab_steps.so
check_DATA += eab_steps.so
eab_steps_so_SOURCES = test/accidents/steps.c
eab_steps_so_CPPFLAGS = $(AM_CPPFLAGS) -U_FORTIFY_SOURCE
eab_steps_so_CFLAGS = $(JSON_CFLAGS) -U_FORTIFY_SOURCE $(PIC_CFLAGS)
eab_steps_so_LDFLAGS = $(AM_LDFLAGS) -shared -Wl,--version-script=$(srcdir)/$(steps_map)
eab_steps_so_LDADD = $(IPC_LIBS) -ldl
EXTRA_eab_steps_so_DEPENDENCIES = $(steps_map)
steps_map = test/accidents/steps.map
EXTRA_DIST += $(steps_map)
