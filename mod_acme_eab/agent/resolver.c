/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/resolver.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_errno.h>
#include <apr_general.h>
#include <apr_lib.h>

#include "base/clock.h"

#define HEADER 12
#define DATAGRAM_MAX 4096
#define TRIES 2
#define PATIENCE apr_time_from_sec(2) /* of each try */
#define RECORDS_MAX 200
#define ALIASES_MAX 8
#define CLASS_IN 1

#define FLAG_RESPONSE 0x8000
#define FLAG_OPCODE 0x7800
#define FLAG_TRUNCATED 0x0200
#define FLAG_RECURSION 0x0100
#define RCODE 0x000f
#define NXDOMAIN 3

/* ---- messages ---- */

typedef struct reader {
    const unsigned char *data;
    int len;
    int at; /* -1: it is malformed */
} reader_t;

typedef struct record {
    char owner[RESOLVER_NAME_MAX];
    int type;
    int data, len; /* where */
} record_t;

static void put16(unsigned char *to, unsigned value)
{
    to[0] = (unsigned char)(value >> 8);
    to[1] = (unsigned char)value;
}

static unsigned get16(const unsigned char *from)
{
    return (unsigned)from[0] << 8 | from[1];
}

int resolver_write(unsigned char *buffer, unsigned id, const char *name, int type, int recursion)
{
    unsigned char *to = buffer + HEADER;
    size_t total = strlen(name);

    if (total == 0 || total > RESOLVER_NAME_MAX - 3) {
        return 0;
    }
    memset(buffer, 0, HEADER);
    put16(buffer, id);
    put16(buffer + 2, recursion ? FLAG_RECURSION : 0);
    put16(buffer + 4, 1);
    while (*name != '\0') {
        size_t len = strcspn(name, ".");

        if (len == 0 || len > 63) {
            return 0;
        }
        *to++ = (unsigned char)len;
        memcpy(to, name, len);
        to += len;
        name += name[len] == '.' ? len + 1 : len;
    }
    *to++ = 0;
    put16(to, (unsigned)type);
    put16(to + 2, CLASS_IN);
    return (int)(to + 4 - buffer);
}

static unsigned read16(reader_t *reader)
{
    if (reader->at < 0 || reader->at + 2 > reader->len) {
        reader->at = -1;
        return 0;
    }
    reader->at += 2;
    return get16(reader->data + reader->at - 2);
}

/* One label as text; what a name cannot hold here makes the message malformed.
 * @return the length of text after it, -1 */
static int add_label(char *text, int used, const unsigned char *label, int len)
{
    int i;

    if (used + len + 2 > RESOLVER_NAME_MAX) {
        return -1;
    }
    if (used > 0) {
        text[used++] = '.';
    }
    for (i = 0; i < len; ++i) {
        if (label[i] <= ' ' || label[i] >= 0x7f || label[i] == '.') {
            return -1;
        }
        text[used++] = (char)apr_tolower(label[i]);
    }
    text[used] = '\0';
    return used;
}

/* A name, maybe compressed (RFC 1035, 4.1.4): each pointer must lead further back, so that there are no
 * circles. */
static void read_name(reader_t *reader, char *text)
{
    int at = reader->at, after = -1, limit = at, used = 0;

    text[0] = '\0';
    while (at >= 0 && at < reader->len && reader->data[at] != 0) {
        int len = reader->data[at];

        if (len >= 0xc0 && at + 1 < reader->len) {
            int target = (int)(get16(reader->data + at) & 0x3fff);

            after = after < 0 ? at + 2 : after;
            at = limit = target < limit ? target : -1;
        }
        else if (len < 64 && at + 1 + len < reader->len) {
            used = add_label(text, used, reader->data + at + 1, len);
            at = used < 0 ? -1 : at + 1 + len;
        }
        else {
            at = -1;
        }
    }
    reader->at = at < 0 || at >= reader->len ? -1 : after >= 0 ? after : at + 1;
}

static void read_record(reader_t *reader, record_t *record)
{
    unsigned class;

    if (reader->at < 0) {
        return;
    }
    read_name(reader, record->owner);
    record->type = (int)read16(reader);
    class = read16(reader);
    read16(reader); /* time to live */
    read16(reader);
    record->len = (int)read16(reader);
    record->data = reader->at;
    if (reader->at < 0 || reader->at + record->len > reader->len) {
        reader->at = -1;
        return;
    }
    reader->at += record->len;
    if (class != CLASS_IN) {
        record->type = 0;
    }
}

/* @return 0 when it is malformed */
static int take_strings(resolver_value_t *value, const unsigned char *data, int len)
{
    int at, size = 0;

    for (at = 0; at < len; at += 1 + data[at]) {
        if (at + 1 + data[at] > len) {
            return 0;
        }
        if (size + data[at] > RESOLVER_VALUE_MAX) {
            size = RESOLVER_VALUE_MAX + 1; /* to be passed over */
            continue;
        }
        memcpy(value->data + size, data + at + 1, data[at]);
        size += data[at];
    }
    value->len = (unsigned short)(size <= RESOLVER_VALUE_MAX ? size : 0);
    return 1;
}

/* Flags, a tag with its length before it, and the value (RFC 8659, 4.1); no CAA record is passed over, as it may
 * be the one that forbids. */
static int has_fit_length(const record_t *record)
{
    switch (record->type) {
    case RESOLVER_A:
        return record->len == 4;
    case RESOLVER_AAAA:
        return record->len == 16;
    default:
        return record->len >= 3 && record->len <= RESOLVER_VALUE_MAX;
    }
}

static int take_value(resolver_answer_t *answer, const reader_t *whole, const record_t *record)
{
    resolver_value_t *value = &answer->values[answer->count];
    reader_t reader = *whole;

    if (answer->count == RESOLVER_VALUES_MAX) {
        return record->type != RESOLVER_CAA;
    }
    if (record->type == RESOLVER_TXT) {
        if (!take_strings(value, whole->data + record->data, record->len)) {
            return 0;
        }
    }
    else if (record->type == RESOLVER_NS) {
        reader.at = record->data;
        read_name(&reader, value->data);
        value->len = (unsigned short)(strlen(value->data) + 1);
        if (reader.at != record->data + record->len) {
            return 0;
        }
    }
    else {
        if (!has_fit_length(record)) {
            return 0;
        }
        memcpy(value->data, whole->data + record->data, (size_t)record->len);
        value->len = (unsigned short)record->len;
    }
    answer->count += value->len > 0;
    return 1;
}

/* Where the alias of owner leads to. @return 0: there is none; -1: malformed */
static int follow_alias(resolver_answer_t *answer, const reader_t *whole, const record_t *records,
                        int count)
{
    int i;

    for (i = 0; i < count; ++i) {
        reader_t reader = *whole;

        if (records[i].type == RESOLVER_CNAME && strcmp(records[i].owner, answer->owner) == 0) {
            reader.at = records[i].data;
            read_name(&reader, answer->owner);
            return reader.at == records[i].data + records[i].len ? 1 : -1;
        }
    }
    return 0;
}

static apr_status_t take_records(resolver_answer_t *answer, const reader_t *whole,
                                 const record_t *records, int count, int type)
{
    int i, aliases = 0, step;

    do {
        for (i = 0; i < count; ++i) {
            if (records[i].type == type && strcmp(records[i].owner, answer->owner) == 0
                && !take_value(answer, whole, &records[i])) {
                return APR_EGENERAL;
            }
        }
        step = answer->count == 0 ? follow_alias(answer, whole, records, count) : 0;
    } while (step > 0 && ++aliases < ALIASES_MAX);
    return step == 0 ? APR_SUCCESS : APR_EGENERAL;
}

static int answers_question(const unsigned char *message, int len, const unsigned char *question,
                            int question_len)
{
    int i;

    if (len < question_len || memcmp(message, question, 2) != 0 || get16(message + 4) != 1) {
        return 0;
    }
    for (i = HEADER; i < question_len; ++i) {
        if (apr_tolower(message[i]) != apr_tolower(question[i])) {
            return 0;
        }
    }
    return 1;
}

apr_status_t resolver_read(resolver_answer_t *answer, const unsigned char *message, int len,
                           const unsigned char *question, int question_len, int type)
{
    reader_t reader = { message, len, HEADER };
    record_t *records;
    unsigned flags;
    int i, count;
    apr_status_t rv = APR_EGENERAL;

    answer->count = answer->missing = 0;
    answer->owner[0] = '\0';
    if (!answers_question(message, len, question, question_len)) {
        return APR_EGENERAL;
    }
    flags = get16(message + 2);
    if ((flags & FLAG_RESPONSE) == 0 || (flags & FLAG_OPCODE) != 0) {
        return APR_EGENERAL;
    }
    if ((flags & FLAG_TRUNCATED) != 0) {
        return APR_EAGAIN;
    }
    answer->missing = (flags & RCODE) == NXDOMAIN;
    count = (int)get16(message + 6);
    if (((flags & RCODE) != 0 && !answer->missing) || count > RECORDS_MAX
        || (records = calloc((size_t)count + 1, sizeof(*records))) == NULL) {
        return APR_EGENERAL;
    }
    read_name(&reader, answer->owner);
    reader.at = question_len;
    for (i = 0; i < count; ++i) {
        read_record(&reader, &records[i]);
    }
    if (reader.at >= 0) {
        rv = take_records(answer, &reader, records, count, type);
    }
    free(records);
    return rv;
}

/* ---- the network ---- */

/* @return 0 when the time is over */
static int wait_for(int fd, short events, apr_time_t deadline)
{
    struct pollfd one = { fd, events, 0 };
    apr_time_t left;
    int rv;

    do {
        left = deadline - clock_steady();
        rv = left > 0 ? poll(&one, 1, (int)(left / 1000) + 1) : 0;
    } while (rv < 0 && errno == EINTR);
    return rv > 0;
}

static int open_socket(const struct sockaddr *server, socklen_t len, int type)
{
    int fd = socket(server->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && connect(fd, server, len) != 0 && errno != EINPROGRESS) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* What is no answer to this question is passed over: anybody may send datagrams. */
static apr_status_t ask_by_datagram(resolver_answer_t *answer, int fd,
                                    const unsigned char *question, int question_len, int type,
                                    apr_time_t deadline)
{
    unsigned char message[DATAGRAM_MAX];

    if (send(fd, question, (size_t)question_len, 0) != question_len) {
        return APR_TIMEUP;
    }
    while (wait_for(fd, POLLIN, deadline)) {
        ssize_t len = recv(fd, message, sizeof(message), 0);

        if (len < 0) {
            return APR_TIMEUP; /* nobody listens there */
        }
        if (answers_question(message, (int)len, question, question_len)) {
            return resolver_read(answer, message, (int)len, question, question_len, type);
        }
    }
    return APR_TIMEUP;
}

static int transfer(int fd, unsigned char *data, int len, int out, apr_time_t deadline)
{
    int done = 0;

    while (done < len && wait_for(fd, out ? POLLOUT : POLLIN, deadline)) {
        ssize_t n = out ? send(fd, data + done, (size_t)(len - done), MSG_NOSIGNAL)
                        : recv(fd, data + done, (size_t)(len - done), 0);

        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            return 0;
        }
        done += n > 0 ? (int)n : 0;
    }
    return done == len;
}

static apr_status_t ask_by_stream(resolver_answer_t *answer, int fd, const unsigned char *question,
                                  int question_len, int type, apr_time_t deadline)
{
    unsigned char *message = malloc(RESOLVER_MESSAGE_MAX + 2);
    apr_status_t rv = APR_TIMEUP;
    int len;

    if (message == NULL) {
        return APR_ENOMEM;
    }
    put16(message, (unsigned)question_len);
    memcpy(message + 2, question, (size_t)question_len);
    if (transfer(fd, message, question_len + 2, 1, deadline)
        && transfer(fd, message, 2, 0, deadline)) {
        len = (int)get16(message);
        if (transfer(fd, message, len, 0, deadline)) {
            rv = resolver_read(answer, message, len, question, question_len, type);
        }
    }
    free(message);
    return rv == APR_EAGAIN ? APR_EGENERAL : rv;
}

apr_status_t resolver_ask(resolver_answer_t *answer, const struct sockaddr *server, socklen_t len,
                          const char *name, int type, int recursion, apr_time_t deadline)
{
    unsigned char question[HEADER + RESOLVER_NAME_MAX + 4], id[2];
    apr_status_t rv = APR_TIMEUP;
    int fd, tries, question_len;

    apr_generate_random_bytes(id, sizeof(id));
    question_len = resolver_write(question, get16(id), name, type, recursion);
    if (question_len == 0) {
        return APR_EGENERAL;
    }
    for (tries = 0; tries < TRIES && APR_STATUS_IS_TIMEUP(rv); ++tries) {
        apr_time_t until = clock_steady() + PATIENCE;

        fd = open_socket(server, len, SOCK_DGRAM);
        if (fd < 0) {
            return APR_TIMEUP;
        }
        rv = ask_by_datagram(answer, fd, question, question_len, type,
                             until < deadline ? until : deadline);
        close(fd);
    }
    if (rv == APR_EAGAIN && (fd = open_socket(server, len, SOCK_STREAM)) >= 0) {
        rv = ask_by_stream(answer, fd, question, question_len, type,
                           clock_steady() + 2 * PATIENCE < deadline ? clock_steady() + 2 * PATIENCE
                                                                    : deadline);
        close(fd);
    }
    return rv == APR_EAGAIN ? APR_TIMEUP : rv;
}
