/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_RESOLVER_H
#define AGENT_RESOLVER_H

/* agent/resolver.h - one question to one name server (RFC 1035): over UDP, and over TCP when the
 * answer is too long for that. It waits, so it is for threads; nothing here uses pools. */

#include <apr_time.h>
#include <sys/socket.h>

#define RESOLVER_NAME_MAX 256   /* of a name as text, with its end */
#define RESOLVER_VALUES_MAX 20  /* of one name and type; more are passed over, of CAA: malformed */
#define RESOLVER_VALUE_MAX 1024 /* octets; a longer one is passed over, of CAA: malformed */
#define RESOLVER_MESSAGE_MAX 65535

#define RESOLVER_A 1
#define RESOLVER_NS 2
#define RESOLVER_CNAME 5
#define RESOLVER_TXT 16
#define RESOLVER_AAAA 28
#define RESOLVER_CAA 257

typedef struct resolver_value {
    unsigned short len;
    char data[RESOLVER_VALUE_MAX]; /* TXT: the strings, joined; NS: a name as text, with its end;
                                      A, AAAA, CAA: the octets */
} resolver_value_t;

typedef struct resolver_answer {
    int missing;                   /* the server says that there is no such name */
    char owner[RESOLVER_NAME_MAX]; /* where the aliases lead to */
    int count;
    resolver_value_t values[RESOLVER_VALUES_MAX];
} resolver_answer_t;

/** @param name      lower case, without a dot at the end; may begin with underscores
 *  @param recursion ask the server to look further
 *  @param deadline  by clock_steady(): waits no longer, and 2 tries of 2 seconds at most
 *  @return APR_SUCCESS when the server has answered, also that there is nothing; APR_TIMEUP for no
 *          answer; APR_EGENERAL for a refusal or one that is malformed */
apr_status_t resolver_ask(resolver_answer_t *answer, const struct sockaddr *server, socklen_t len,
                          const char *name, int type, int recursion, apr_time_t deadline);

/** Write the question. @param buffer 12 + RESOLVER_NAME_MAX + 4 octets
 * @return how many octets it has, 0: that is no name */
int resolver_write(unsigned char *buffer, unsigned id, const char *name, int type, int recursion);

/** Read what was answered to the question. The text is hostile.
 * @return APR_SUCCESS, APR_EGENERAL as above, or APR_EAGAIN: it is cut off, ask over TCP */
apr_status_t resolver_read(resolver_answer_t *answer, const unsigned char *message, int len,
                           const unsigned char *question, int question_len, int type);

#endif
