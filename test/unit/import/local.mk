# SPDX-License-Identifier: Apache-2.0
IMPORT_TEST_LIBS = $(IMPORT_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/import/test_assignment
test_unit_import_test_assignment_SOURCES = test/unit/import/test_assignment.c
test_unit_import_test_assignment_CFLAGS = $(UNIT_CFLAGS)
test_unit_import_test_assignment_LDADD = $(IMPORT_TEST_LIBS)

check_PROGRAMS += test/unit/import/test_readers
test_unit_import_test_readers_SOURCES = test/unit/import/test_readers.c
test_unit_import_test_readers_CFLAGS = $(UNIT_CFLAGS)
test_unit_import_test_readers_LDADD = test/unit/crypto/libparty.a $(IMPORT_TEST_LIBS)
