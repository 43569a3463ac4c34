# SPDX-License-Identifier: Apache-2.0
EXTRA_PROGRAMS += eab_handshakes
check_DATA += eab_handshakes
eab_handshakes_SOURCES = test/bench/handshakes.c
eab_handshakes_CFLAGS = $(UNIT_CFLAGS) -pthread
eab_handshakes_LDADD = test/unit/crypto/libparty.a $(LIVE_LIBS) $(CMOCKA_LIBS) -lpthread

EXTRA_PROGRAMS += eab_status
check_DATA += eab_status
eab_status_SOURCES = test/bench/status.c
eab_status_CFLAGS = $(UNIT_CFLAGS)
eab_status_LDADD = $(AGENT_LIBS)
