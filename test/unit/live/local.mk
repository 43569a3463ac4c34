# SPDX-License-Identifier: Apache-2.0
LIVE_TEST_LIBS = $(LIVE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/live/test_segment
test_unit_live_test_segment_SOURCES = test/unit/live/test_segment.c
test_unit_live_test_segment_CFLAGS = $(UNIT_CFLAGS)
test_unit_live_test_segment_LDADD = $(LIVE_TEST_LIBS)

check_PROGRAMS += test/unit/live/test_pair
test_unit_live_test_pair_SOURCES = test/unit/live/test_pair.c
test_unit_live_test_pair_CFLAGS = $(UNIT_CFLAGS)
test_unit_live_test_pair_LDADD = test/unit/crypto/libparty.a $(LIVE_TEST_LIBS)

check_PROGRAMS += test/unit/live/test_view
test_unit_live_test_view_SOURCES = test/unit/live/test_view.c
test_unit_live_test_view_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_live_test_view_LDADD = test/unit/crypto/libparty.a $(LIVE_TEST_LIBS) -lpthread

check_PROGRAMS += test/unit/live/test_stapled
test_unit_live_test_stapled_SOURCES = test/unit/live/test_stapled.c
test_unit_live_test_stapled_CFLAGS = $(UNIT_CFLAGS)
test_unit_live_test_stapled_LDADD = $(LIVE_TEST_LIBS)
