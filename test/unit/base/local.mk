# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += test/unit/base/test_aside
test_unit_base_test_aside_SOURCES = test/unit/base/test_aside.c
test_unit_base_test_aside_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_base_test_aside_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS) -lpthread

check_PROGRAMS += test/unit/base/test_block
test_unit_base_test_block_SOURCES = test/unit/base/test_block.c
test_unit_base_test_block_CFLAGS = $(UNIT_CFLAGS)
test_unit_base_test_block_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/base/test_text
test_unit_base_test_text_SOURCES = test/unit/base/test_text.c
test_unit_base_test_text_CFLAGS = $(UNIT_CFLAGS)
test_unit_base_test_text_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/base/test_bytes
test_unit_base_test_bytes_SOURCES = test/unit/base/test_bytes.c
test_unit_base_test_bytes_CFLAGS = $(UNIT_CFLAGS)
test_unit_base_test_bytes_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/base/test_clock
test_unit_base_test_clock_SOURCES = test/unit/base/test_clock.c
test_unit_base_test_clock_CFLAGS = $(UNIT_CFLAGS)
test_unit_base_test_clock_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/base/test_file
test_unit_base_test_file_SOURCES = test/unit/base/test_file.c
test_unit_base_test_file_CFLAGS = $(UNIT_CFLAGS)
test_unit_base_test_file_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/base/test_json
test_unit_base_test_json_SOURCES = test/unit/base/test_json.c
test_unit_base_test_json_CFLAGS = $(UNIT_CFLAGS)
test_unit_base_test_json_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/base/test_log
test_unit_base_test_log_SOURCES = test/unit/base/test_log.c
test_unit_base_test_log_CFLAGS = $(UNIT_CFLAGS)
test_unit_base_test_log_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/base/test_name
test_unit_base_test_name_SOURCES = test/unit/base/test_name.c
test_unit_base_test_name_CFLAGS = $(UNIT_CFLAGS)
test_unit_base_test_name_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/base/test_result
test_unit_base_test_result_SOURCES = test/unit/base/test_result.c
test_unit_base_test_result_CFLAGS = $(UNIT_CFLAGS)
test_unit_base_test_result_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/base/test_address
test_unit_base_test_address_SOURCES = test/unit/base/test_address.c
test_unit_base_test_address_CFLAGS = $(UNIT_CFLAGS)
test_unit_base_test_address_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/base/test_process
test_unit_base_test_process_SOURCES = test/unit/base/test_process.c
test_unit_base_test_process_CFLAGS = $(UNIT_CFLAGS)
test_unit_base_test_process_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/base/test_rundir
test_unit_base_test_rundir_SOURCES = test/unit/base/test_rundir.c
test_unit_base_test_rundir_CFLAGS = $(UNIT_CFLAGS)
test_unit_base_test_rundir_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
