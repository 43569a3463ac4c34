/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "agent/resolver.h"
#include "base/clock.h"

#define NAME "_validation-persist.a.example"

typedef struct message {
    unsigned char data[2000];
    int len, question;
} message_t;

static resolver_answer_t answer;

static void add(message_t *m, const char *octets, int len)
{
    memcpy(m->data + m->len, octets, (size_t)len);
    m->len += len;
}

/* An answer to the question of NAME with these flags and this many records. */
static message_t begin(int type, unsigned flags, int count)
{
    message_t m = { { 0 }, 0, 0 };

    m.question = m.len = resolver_write(m.data, 0x1234, NAME, type, 1);
    assert_true(m.len > 0);
    m.data[2] = (unsigned char)(flags >> 8);
    m.data[3] = (unsigned char)flags;
    m.data[7] = (unsigned char)count;
    return m;
}

/* A record whose owner is the question's name. */
static void record(message_t *m, const char *owner, int owner_len, int type, const char *data,
                   int len)
{
    char head[10] = {
        (char)(type >> 8), (char)type, 0, 1, 0, 0, 0, 60, (char)(len >> 8), (char)len
    };

    add(m, owner, owner_len);
    add(m, head, 10);
    add(m, data, len);
}

#define ITSELF "\xc0\x0c", 2

static apr_status_t read_message(const message_t *m, int type)
{
    unsigned char question[400];
    int len = resolver_write(question, 0x1234, NAME, type, 1);

    return resolver_read(&answer, m->data, m->len, question, len, type);
}

static void strings_of_a_record_are_joined(void **state)
{
    message_t m = begin(RESOLVER_TXT, 0x8180, 2);

    (void)state;
    record(&m, ITSELF, RESOLVER_TXT,
           "\x03"
           "ab;"
           "\x02"
           "cd",
           7);
    record(&m, ITSELF, RESOLVER_TXT, "\x01x", 2);
    assert_int_equal(APR_SUCCESS, read_message(&m, RESOLVER_TXT));
    assert_int_equal(2, answer.count);
    assert_int_equal(5, answer.values[0].len);
    assert_memory_equal("ab;cd", answer.values[0].data, 5);
    assert_string_equal(NAME, answer.owner);
    assert_false(answer.missing);
}

static void an_alias_is_followed(void **state)
{
    message_t m = begin(RESOLVER_TXT, 0x8180, 2);

    (void)state;
    record(&m, ITSELF, RESOLVER_CNAME,
           "\x05"
           "Other\x02"
           "de\x00",
           10);
    record(&m,
           "\x05other\x02"
           "de\x00",
           10, RESOLVER_TXT, "\x01y", 2);
    assert_int_equal(APR_SUCCESS, read_message(&m, RESOLVER_TXT));
    assert_string_equal("other.de", answer.owner);
    assert_int_equal(1, answer.count);
    m = begin(RESOLVER_TXT, 0x8180, 1);
    record(&m, ITSELF, RESOLVER_CNAME, ITSELF);
    assert_int_equal(APR_EGENERAL, read_message(&m, RESOLVER_TXT)); /* in a circle */
}

static void no_such_name_is_an_answer(void **state)
{
    message_t m = begin(RESOLVER_TXT, 0x8183, 0);

    (void)state;
    assert_int_equal(APR_SUCCESS, read_message(&m, RESOLVER_TXT));
    assert_true(answer.missing);
    assert_int_equal(0, answer.count);
    m = begin(RESOLVER_TXT, 0x8180, 0);
    assert_int_equal(APR_SUCCESS, read_message(&m, RESOLVER_TXT));
    assert_false(answer.missing);
}

static void no_caa_record_is_passed_over(void **state)
{
    static char long_one[RESOLVER_VALUE_MAX + 1] = "\0\x05issueca.example";
    message_t m = begin(RESOLVER_CAA, 0x8180, 1);
    int i;

    (void)state;
    record(&m, ITSELF, RESOLVER_CAA, "\0\x05issueca.example", 17);
    assert_int_equal(APR_SUCCESS, read_message(&m, RESOLVER_CAA));
    assert_int_equal(1, answer.count);
    assert_int_equal(17, answer.values[0].len);
    assert_memory_equal("\0\x05issueca.example", answer.values[0].data, 17);

    m = begin(RESOLVER_CAA, 0x8180, 1);
    record(&m, ITSELF, RESOLVER_CAA, "\0\x05", 2);
    assert_int_equal(APR_EGENERAL, read_message(&m, RESOLVER_CAA));
    m = begin(RESOLVER_CAA, 0x8180, 1);
    record(&m, ITSELF, RESOLVER_CAA, long_one, (int)sizeof(long_one));
    assert_int_equal(APR_EGENERAL, read_message(&m, RESOLVER_CAA));
    m = begin(RESOLVER_CAA, 0x8180, RESOLVER_VALUES_MAX + 1);
    for (i = 0; i <= RESOLVER_VALUES_MAX; ++i) {
        record(&m, ITSELF, RESOLVER_CAA, "\0\x05issueca.example", 17);
    }
    assert_int_equal(APR_EGENERAL, read_message(&m, RESOLVER_CAA));
}

static void a_refusal_is_none(void **state)
{
    message_t m = begin(RESOLVER_TXT, 0x8182, 0);

    (void)state;
    assert_int_equal(APR_EGENERAL, read_message(&m, RESOLVER_TXT)); /* SERVFAIL */
    m = begin(RESOLVER_TXT, 0x8185, 0);
    assert_int_equal(APR_EGENERAL, read_message(&m, RESOLVER_TXT)); /* REFUSED */
    m = begin(RESOLVER_TXT, 0x8380, 0);
    assert_int_equal(APR_EAGAIN, read_message(&m, RESOLVER_TXT)); /* cut off */
}

static void what_is_malformed_is_no_answer(void **state)
{
    message_t m;
    int i;

    (void)state;
    m = begin(RESOLVER_TXT, 0x0180, 0); /* a question */
    assert_int_equal(APR_EGENERAL, read_message(&m, RESOLVER_TXT));
    m = begin(RESOLVER_TXT, 0x8180, 0);
    m.data[1] ^= 1; /* to somebody else */
    assert_int_equal(APR_EGENERAL, read_message(&m, RESOLVER_TXT));
    m = begin(RESOLVER_TXT, 0x8180, 0);
    m.data[14] = 'x'; /* for another name */
    assert_int_equal(APR_EGENERAL, read_message(&m, RESOLVER_TXT));
    m = begin(RESOLVER_TXT, 0x8180, 1);
    record(&m, ITSELF, RESOLVER_TXT,
           "\x05"
           "abc",
           4); /* a string longer than its record */
    assert_int_equal(APR_EGENERAL, read_message(&m, RESOLVER_TXT));
    m = begin(RESOLVER_TXT, 0x8180, 1);
    add(&m, "\xc0\xff", 2); /* a pointer forward */
    assert_int_equal(APR_EGENERAL, read_message(&m, RESOLVER_TXT));
    m = begin(RESOLVER_A, 0x8180, 1);
    record(&m, ITSELF, RESOLVER_A, "\x7f\0\0", 3);
    assert_int_equal(APR_EGENERAL, read_message(&m, RESOLVER_A));
    m = begin(RESOLVER_TXT, 0x8180, 1);
    record(&m, ITSELF, RESOLVER_TXT, "\x01x", 2);
    for (i = m.len - 1; i >= 0; --i) { /* cut anywhere */
        m.len = i;
        assert_int_equal(APR_EGENERAL, read_message(&m, RESOLVER_TXT));
    }
}

/* A flood of records, and each octet changed: within the limits, whatever comes. */
static void hostile_messages_stay_within_limits(void **state)
{
    message_t m = begin(RESOLVER_TXT, 0x8180, 60), other;
    int i, bit;

    (void)state;
    for (i = 0; i < 60; ++i) {
        record(&m, ITSELF, RESOLVER_TXT, "\x01x", 2);
    }
    assert_int_equal(APR_SUCCESS, read_message(&m, RESOLVER_TXT));
    assert_int_equal(RESOLVER_VALUES_MAX, answer.count);
    for (i = 0; i < m.len; ++i) {
        for (bit = 0; bit < 8; ++bit) {
            other = m;
            other.data[i] ^= (unsigned char)(1 << bit);
            read_message(&other, RESOLVER_TXT);
            assert_true(answer.count <= RESOLVER_VALUES_MAX);
        }
    }
}

static void names_that_are_none_are_not_asked_for(void **state)
{
    unsigned char question[400];
    char text[300];

    (void)state;
    assert_int_equal(0, resolver_write(question, 1, "", RESOLVER_TXT, 1));
    assert_int_equal(0, resolver_write(question, 1, "a..b", RESOLVER_TXT, 1));
    memset(text, 'a', sizeof(text));
    text[64] = '\0';
    assert_int_equal(0, resolver_write(question, 1, text, RESOLVER_TXT, 1));
    text[63] = '\0';
    assert_true(resolver_write(question, 1, text, RESOLVER_TXT, 1) > 0);
    text[63] = 'a';
    text[280] = '\0';
    assert_int_equal(0, resolver_write(question, 1, text, RESOLVER_TXT, 1));
}

/* ---- over the network ---- */

/* Answers one datagram with garbage first, then truly. */
static void *serve(void *arg)
{
    int fd = *(int *)arg;
    unsigned char data[600];
    struct sockaddr_storage from;
    socklen_t size = sizeof(from);
    ssize_t len = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &size);

    if (len > 0) {
        sendto(fd, "garbage", 7, 0, (struct sockaddr *)&from, size);
        data[2] |= 0x80;
        data[7] = 1;
        memcpy(data + len, "\xc0\x0c\0\x10\0\x01\0\0\0\x3c\0\x03\x02ok", 15);
        sendto(fd, data, (size_t)len + 15, 0, (struct sockaddr *)&from, size);
    }
    return NULL;
}

static int bound(struct sockaddr_in *address)
{
    socklen_t size = sizeof(*address);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    memset(address, 0, sizeof(*address));
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(0, bind(fd, (struct sockaddr *)address, sizeof(*address)));
    assert_int_equal(0, getsockname(fd, (struct sockaddr *)address, &size));
    return fd;
}

static void a_server_is_asked(void **state)
{
    struct sockaddr_in address;
    pthread_t thread;
    int fd = bound(&address);

    (void)state;
    assert_int_equal(0, pthread_create(&thread, NULL, serve, &fd));
    assert_int_equal(APR_SUCCESS,
                     resolver_ask(&answer, (struct sockaddr *)&address, sizeof(address), NAME,
                                  RESOLVER_TXT, 0, clock_steady() + apr_time_from_sec(20)));
    pthread_join(thread, NULL);
    assert_int_equal(1, answer.count);
    assert_memory_equal("ok", answer.values[0].data, 2);
    close(fd);
}

static void a_silent_server_is_not_waited_for(void **state)
{
    struct sockaddr_in address;
    apr_time_t begin_at = clock_steady();
    int fd = bound(&address);

    (void)state;
    assert_int_equal(APR_TIMEUP,
                     resolver_ask(&answer, (struct sockaddr *)&address, sizeof(address), NAME,
                                  RESOLVER_TXT, 0, clock_steady() + apr_time_from_msec(300)));
    assert_true(clock_steady() - begin_at < apr_time_from_sec(2));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(strings_of_a_record_are_joined),
        fixture_test(an_alias_is_followed),
        fixture_test(no_such_name_is_an_answer),
        fixture_test(no_caa_record_is_passed_over),
        fixture_test(a_refusal_is_none),
        fixture_test(what_is_malformed_is_no_answer),
        fixture_test(hostile_messages_stay_within_limits),
        fixture_test(names_that_are_none_are_not_asked_for),
        fixture_test(a_server_is_asked),
        fixture_test(a_silent_server_is_not_waited_for),
    };

    return fixture_run(tests);
}
