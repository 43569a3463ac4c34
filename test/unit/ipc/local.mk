# SPDX-License-Identifier: Apache-2.0
IPC_TEST_LIBS = $(IPC_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += \
	test/unit/ipc/test_brief \
	test/unit/ipc/test_frame \
	test/unit/ipc/test_member \
	test/unit/ipc/test_message \
	test/unit/ipc/test_plan

test_unit_ipc_test_brief_SOURCES = test/unit/ipc/test_brief.c
test_unit_ipc_test_brief_CFLAGS = $(UNIT_CFLAGS)
test_unit_ipc_test_brief_LDADD = $(IPC_TEST_LIBS)

test_unit_ipc_test_frame_SOURCES = test/unit/ipc/test_frame.c
test_unit_ipc_test_frame_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_ipc_test_frame_LDADD = $(IPC_TEST_LIBS) -lpthread

test_unit_ipc_test_member_SOURCES = test/unit/ipc/test_member.c
test_unit_ipc_test_member_CFLAGS = $(UNIT_CFLAGS)
test_unit_ipc_test_member_LDADD = $(IPC_TEST_LIBS)

test_unit_ipc_test_message_SOURCES = test/unit/ipc/test_message.c
test_unit_ipc_test_message_CFLAGS = $(UNIT_CFLAGS)
test_unit_ipc_test_message_LDADD = $(IPC_TEST_LIBS)

test_unit_ipc_test_plan_SOURCES = test/unit/ipc/test_plan.c
test_unit_ipc_test_plan_CFLAGS = $(UNIT_CFLAGS)
test_unit_ipc_test_plan_LDADD = $(IPC_TEST_LIBS)
