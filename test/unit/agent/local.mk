# SPDX-License-Identifier: Apache-2.0

check_PROGRAMS += test/unit/agent/test_answer
test_unit_agent_test_answer_SOURCES = test/unit/agent/test_answer.c
test_unit_agent_test_answer_CFLAGS = $(UNIT_CFLAGS)
test_unit_agent_test_answer_LDADD = libagent.la $(CMOCKA_LIBS)
