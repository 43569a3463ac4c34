# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libipc.a
libipc_a_SOURCES = \
	mod_acme_eab/ipc/brief.c mod_acme_eab/ipc/brief.h \
	mod_acme_eab/ipc/control.c mod_acme_eab/ipc/control.h \
	mod_acme_eab/ipc/frame.c mod_acme_eab/ipc/frame.h \
	mod_acme_eab/ipc/member.c mod_acme_eab/ipc/member.h \
	mod_acme_eab/ipc/message.c mod_acme_eab/ipc/message.h \
	mod_acme_eab/ipc/plan.c mod_acme_eab/ipc/plan.h \
	mod_acme_eab/ipc/rehearsal.h
libipc_a_CFLAGS = $(JSON_CFLAGS) $(PIC_CFLAGS)
IPC_LIBS = libipc.a $(BASE_LIBS)
