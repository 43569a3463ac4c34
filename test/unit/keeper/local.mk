# SPDX-License-Identifier: Apache-2.0
check_LIBRARIES += test/unit/keeper/libscene.a
test_unit_keeper_libscene_a_SOURCES = test/unit/keeper/scene.c test/unit/keeper/scene.h \
	test/unit/keeper/fake_agent.c
test_unit_keeper_libscene_a_CFLAGS = $(UNIT_CFLAGS) -pthread
KEEPER_TEST_LIBS = test/unit/crypto/libparty.a $(KEEPER_LIBS) $(CMOCKA_LIBS)
KEEPER_SCENE_LIBS = test/unit/keeper/libscene.a $(KEEPER_TEST_LIBS)

check_PROGRAMS += test/unit/keeper/test_account
test_unit_keeper_test_account_SOURCES = test/unit/keeper/test_account.c
test_unit_keeper_test_account_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_account_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_acts
test_unit_keeper_test_acts_SOURCES = test/unit/keeper/test_acts.c
test_unit_keeper_test_acts_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_acts_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_activation
test_unit_keeper_test_activation_SOURCES = test/unit/keeper/test_activation.c
test_unit_keeper_test_activation_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_activation_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_briefing
test_unit_keeper_test_briefing_SOURCES = test/unit/keeper/test_briefing.c
test_unit_keeper_test_briefing_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_briefing_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_certificate
test_unit_keeper_test_certificate_SOURCES = test/unit/keeper/test_certificate.c
test_unit_keeper_test_certificate_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_certificate_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_changes
test_unit_keeper_test_changes_SOURCES = test/unit/keeper/test_changes.c
test_unit_keeper_test_changes_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_changes_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_check
test_unit_keeper_test_check_SOURCES = test/unit/keeper/test_check.c
test_unit_keeper_test_check_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_check_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_chronicle
test_unit_keeper_test_chronicle_SOURCES = test/unit/keeper/test_chronicle.c
test_unit_keeper_test_chronicle_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_chronicle_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_control_door
test_unit_keeper_test_control_door_SOURCES = test/unit/keeper/test_control_door.c
test_unit_keeper_test_control_door_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_control_door_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_control_call
test_unit_keeper_test_control_call_SOURCES = test/unit/keeper/test_control_call.c
test_unit_keeper_test_control_call_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_control_call_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_ticket
test_unit_keeper_test_ticket_SOURCES = test/unit/keeper/test_ticket.c
test_unit_keeper_test_ticket_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_ticket_LDADD = $(KEEPER_TEST_LIBS)

check_PROGRAMS += test/unit/keeper/test_delivery
test_unit_keeper_test_delivery_SOURCES = test/unit/keeper/test_delivery.c
test_unit_keeper_test_delivery_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_delivery_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_directory
test_unit_keeper_test_directory_SOURCES = test/unit/keeper/test_directory.c
test_unit_keeper_test_directory_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_directory_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_eabsource
test_unit_keeper_test_eabsource_SOURCES = test/unit/keeper/test_eabsource.c
test_unit_keeper_test_eabsource_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_eabsource_LDADD = $(KEEPER_TEST_LIBS)

check_PROGRAMS += test/unit/keeper/test_failing
test_unit_keeper_test_failing_SOURCES = test/unit/keeper/test_failing.c
test_unit_keeper_test_failing_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_failing_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_gathering
test_unit_keeper_test_gathering_SOURCES = test/unit/keeper/test_gathering.c
test_unit_keeper_test_gathering_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_gathering_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=certificate_waits_for_reload
test_unit_keeper_test_gathering_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_model
test_unit_keeper_test_model_SOURCES = test/unit/keeper/test_model.c
test_unit_keeper_test_model_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_model_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_herald
test_unit_keeper_test_herald_SOURCES = test/unit/keeper/test_herald.c
test_unit_keeper_test_herald_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_herald_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_syncer
test_unit_keeper_test_syncer_SOURCES = test/unit/keeper/test_syncer.c
test_unit_keeper_test_syncer_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_syncer_LDADD = $(KEEPER_TEST_LIBS)

check_PROGRAMS += test/unit/keeper/test_keymaker
test_unit_keeper_test_keymaker_SOURCES = test/unit/keeper/test_keymaker.c
test_unit_keeper_test_keymaker_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_keymaker_LDADD = $(KEEPER_TEST_LIBS)

check_PROGRAMS += test/unit/keeper/test_loop
test_unit_keeper_test_loop_SOURCES = test/unit/keeper/test_loop.c
test_unit_keeper_test_loop_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_loop_LDADD = $(KEEPER_TEST_LIBS)

check_PROGRAMS += test/unit/keeper/test_program
test_unit_keeper_test_program_SOURCES = test/unit/keeper/test_program.c
test_unit_keeper_test_program_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_program_LDADD = $(KEEPER_TEST_LIBS)

check_PROGRAMS += test/unit/keeper/test_reload
test_unit_keeper_test_reload_SOURCES = test/unit/keeper/test_reload.c
test_unit_keeper_test_reload_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_reload_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_agent_door
test_unit_keeper_test_agent_door_SOURCES = test/unit/keeper/test_agent_door.c
test_unit_keeper_test_agent_door_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_agent_door_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_sealing
test_unit_keeper_test_sealing_SOURCES = test/unit/keeper/test_sealing.c
test_unit_keeper_test_sealing_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_sealing_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_sentence
test_unit_keeper_test_sentence_SOURCES = test/unit/keeper/test_sentence.c
test_unit_keeper_test_sentence_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_sentence_LDADD = $(KEEPER_SCENE_LIBS)

check_PROGRAMS += test/unit/keeper/test_agent_process
test_unit_keeper_test_agent_process_SOURCES = test/unit/keeper/test_agent_process.c
test_unit_keeper_test_agent_process_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_agent_process_LDADD = $(KEEPER_TEST_LIBS)

check_PROGRAMS += test/unit/keeper/test_url
test_unit_keeper_test_url_SOURCES = test/unit/keeper/test_url.c
test_unit_keeper_test_url_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_url_LDADD = $(KEEPER_TEST_LIBS)
# The sources instead of the library: the test takes the place of keeper and agent.
check_PROGRAMS += test/unit/keeper/test_dns
test_unit_keeper_test_dns_SOURCES = test/unit/keeper/test_dns.c \
	mod_acme_eab/keeper/dns.c mod_acme_eab/keeper/program.c mod_acme_eab/keeper/loop.c
test_unit_keeper_test_dns_CFLAGS = $(UNIT_CFLAGS)
test_unit_keeper_test_dns_LDADD = $(STORE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/keeper/test_staple
test_unit_keeper_test_staple_SOURCES = test/unit/keeper/test_staple.c
test_unit_keeper_test_staple_CFLAGS = $(UNIT_CFLAGS) -pthread
test_unit_keeper_test_staple_LDADD = $(KEEPER_SCENE_LIBS)
