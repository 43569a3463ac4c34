/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/json.h"
#include "ipc/frame.h"

#define MAX 4096

typedef struct wire {
    apr_pool_t *p;
    frame_channel_t *channel;
    int peer; /* the other end, raw */
    int type;
    json_t *body;
} wire_t;

static wire_t wire(apr_pool_t *p, apr_size_t max)
{
    wire_t w = { p, NULL, -1, 0, NULL };
    int fds[2];

    assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
    w.channel = frame_channel_make(p, fds[0], max);
    assert_int_equal(fds[0], frame_channel_fd(w.channel));
    w.peer = fds[1];
    return w;
}

static void say(wire_t *w, const void *bytes, size_t len)
{
    assert_int_equal((ssize_t)len, write(w->peer, bytes, len));
}

/* A message as bytes: header and payload. */
static unsigned char *encode(wire_t *w, int type, size_t claimed, const char *payload)
{
    size_t len = strlen(payload);
    unsigned char *bytes = apr_palloc(w->p, 5 + len);

    bytes[0] = (unsigned char)type;
    bytes[1] = (unsigned char)(claimed >> 24);
    bytes[2] = (unsigned char)(claimed >> 16);
    bytes[3] = (unsigned char)(claimed >> 8);
    bytes[4] = (unsigned char)claimed;
    memcpy(bytes + 5, payload, len);
    return bytes;
}

static void say_message(wire_t *w, int type, const char *payload)
{
    say(w, encode(w, type, strlen(payload), payload), 5 + strlen(payload));
}

static apr_status_t take(wire_t *w)
{
    return frame_take(w->channel, &w->type, &w->body, w->p);
}

static void expect(wire_t *w, int type, const char *text)
{
    assert_int_equal(APR_SUCCESS, take(w));
    assert_int_equal(type, w->type);
    assert_string_equal(text, json_text(w->p, w->body));
}

static json_t *object(apr_pool_t *p, size_t len)
{
    char *text = apr_pcalloc(p, len + 1);

    memset(text, 'x', len);
    return json_own(p, json_pack("{s:s}", "text", text));
}

static void a_message_arrives(void **state)
{
    wire_t w = wire(*state, MAX);
    frame_channel_t *peer = frame_channel_make(*state, w.peer, MAX);

    assert_int_equal(APR_SUCCESS,
                     frame_send(peer, 255, json_own(w.p, json_pack("{s:i,s:n}", "id", 7, "x"))));
    assert_false(frame_wants_write(peer));
    assert_int_equal(APR_EAGAIN, take(&w));
    assert_int_equal(APR_SUCCESS, frame_fill(w.channel));
    expect(&w, 255, "{\"id\":7,\"x\":null}");
    assert_int_equal(APR_EAGAIN, take(&w));
    assert_int_equal(APR_EAGAIN, frame_fill(w.channel));
}

static void it_arrives_byte_by_byte(void **state)
{
    wire_t w = wire(*state, MAX);
    const char *text = "{\"a\":[1,2]}";
    unsigned char *bytes = encode(&w, 3, strlen(text), text);
    size_t i, len = 5 + strlen(text);

    for (i = 0; i < len; ++i) {
        assert_int_equal(APR_EAGAIN, take(&w));
        assert_null(w.body);
        say(&w, bytes + i, 1);
        assert_int_equal(APR_SUCCESS, frame_fill(w.channel));
    }
    expect(&w, 3, text);
    close(w.peer);
}

static void two_arrive_in_one_read(void **state)
{
    wire_t w = wire(*state, MAX);

    say_message(&w, 1, "{\"n\":1}");
    say_message(&w, 2, "{\"n\":2}");
    say(&w, "\x03\x00", 2);
    assert_int_equal(APR_SUCCESS, frame_fill(w.channel));
    expect(&w, 1, "{\"n\":1}");
    expect(&w, 2, "{\"n\":2}");
    assert_int_equal(APR_EAGAIN, take(&w));
    say(&w, "\x00\x00\x02{}", 5);
    assert_int_equal(APR_SUCCESS, frame_fill(w.channel));
    expect(&w, 3, "{}");
    close(w.peer);
}

static void what_breaks_the_format_is_refused(void **state)
{
    static const struct {
        int type;
        size_t claimed; /* 0: the real length */
        const char *payload;
    } rows[] = {
        { 0, 0, "{}" },
        { 1, MAX + 1, "" },
        { 1, 0xffffffff, "" },
        { 1, 0, "[]" },
        { 1, 0, "1" },
        { 1, 0, "null" },
        { 1, 0, "" },
        { 1, 0, "{" },
        { 1, 0, "{}{}" },
        { 1, 0, "{\"a\":1,\"a\":2}" },
        { 1, 0,
          "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}" },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        wire_t w = wire(*state, MAX);
        size_t len = strlen(rows[i].payload);

        say(&w, encode(&w, rows[i].type, rows[i].claimed ? rows[i].claimed : len, rows[i].payload),
            5 + len);
        assert_int_equal(APR_SUCCESS, frame_fill(w.channel));
        assert_int_equal(APR_EINVAL, take(&w));
        assert_null(w.body);
        assert_int_equal(0, w.type);
        close(w.peer);
    }
}

static void the_limit_is_the_payloads(void **state)
{
    wire_t w = wire(*state, 20);

    say_message(&w, 1, "{\"text\":\"12345678\"}"); /* 19 */
    say_message(&w, 1, "{\"text\":\"123456789\"}");
    say_message(&w, 1, "{\"text\":\"1234567890\"}");
    assert_int_equal(APR_SUCCESS, frame_fill(w.channel));
    expect(&w, 1, "{\"text\":\"12345678\"}");
    expect(&w, 1, "{\"text\":\"123456789\"}");
    assert_int_equal(APR_EINVAL, take(&w));
    close(w.peer);
}

static void a_peer_that_floods_waits_in_the_socket(void **state)
{
    wire_t w = wire(*state, 100);
    char bytes[1000];
    int i;

    /* An announced message that never becomes whole, and a hundred times more behind it. */
    memset(bytes, ' ', sizeof(bytes));
    say(&w, "\x01\x00\x00\x00\x64", 5);
    for (i = 0; i < 10; ++i)
        say(&w, bytes, sizeof(bytes));
    assert_int_equal(APR_SUCCESS, frame_fill(w.channel));
    say(&w, bytes, sizeof(bytes));
    assert_int_equal(APR_SUCCESS, frame_fill(w.channel)); /* no more is taken in */
    assert_int_equal(APR_EINVAL, take(&w));
    /* What was said last is still in the socket. */
    assert_int_equal(sizeof(bytes),
                     recv(frame_channel_fd(w.channel), bytes, sizeof(bytes), MSG_DONTWAIT));
    close(w.peer);
}

static void the_end_is_told_after_the_last_message(void **state)
{
    wire_t w = wire(*state, MAX);

    say_message(&w, 9, "{}");
    close(w.peer);
    assert_int_equal(APR_SUCCESS, frame_fill(w.channel));
    expect(&w, 9, "{}");
    assert_int_equal(APR_EOF, frame_fill(w.channel));
    assert_int_equal(APR_EAGAIN, take(&w));
}

static void sending_does_not_wait(void **state)
{
    wire_t w = wire(*state, MAX);
    frame_channel_t *peer;
    json_t *big = object(*state, 2 * 1024 * 1024);
    apr_status_t rv;

    assert_int_equal(APR_SUCCESS, frame_send(w.channel, 1, big));
    assert_true(frame_wants_write(w.channel));
    assert_int_equal(APR_SUCCESS, frame_send(w.channel, 2, json_own(w.p, json_object())));
    assert_true(frame_wants_write(w.channel));

    peer = frame_channel_make(*state, w.peer, LIMIT_PLAN);
    while ((rv = frame_take(peer, &w.type, &w.body, w.p)) == APR_EAGAIN) {
        assert_int_equal(APR_SUCCESS, frame_flush(w.channel));
        frame_fill(peer);
    }
    assert_int_equal(APR_SUCCESS, rv);
    assert_int_equal(1, w.type);
    assert_true(json_equal(big, w.body));
    assert_int_equal(APR_SUCCESS, frame_flush(w.channel));
    assert_false(frame_wants_write(w.channel));
    while ((rv = frame_take(peer, &w.type, &w.body, w.p)) == APR_EAGAIN)
        frame_fill(peer);
    assert_int_equal(APR_SUCCESS, rv);
    assert_int_equal(2, w.type);
}

static void sending_to_nobody_fails(void **state)
{
    wire_t w = wire(*state, MAX);
    json_t *body = json_own(*state, json_object());

    close(w.peer);
    /* An error, and no SIGPIPE. */
    assert_int_equal(EPIPE, frame_send(w.channel, 1, body));
    assert_int_equal(EPIPE, frame_flush(w.channel));
    assert_int_equal(EPIPE, frame_send_blocking(frame_channel_fd(w.channel), 1, body, 1000));
}

static void nobody_sends_more_than_anybody_takes(void **state)
{
    wire_t w = wire(*state, MAX);
    json_t *huge = object(*state, LIMIT_PLAN);

    assert_int_equal(APR_ENOSPC, frame_send(w.channel, 1, huge));
    assert_false(frame_wants_write(w.channel));
    assert_int_equal(APR_ENOSPC, frame_send_blocking(frame_channel_fd(w.channel), 1, huge, 1000));
    close(w.peer);
}

typedef struct reader {
    apr_pool_t *p;
    int fd;
    json_t *body;
} reader_t;

/* Reads slowly what a blocking sender sends. */
static void *read_slowly(void *data)
{
    reader_t *reader = data;
    frame_channel_t *channel = frame_channel_make(reader->p, reader->fd, LIMIT_PLAN);
    int type = 0;

    while (frame_take(channel, &type, &reader->body, reader->p) == APR_EAGAIN) {
        if (frame_fill(channel) == APR_EAGAIN)
            usleep(1000);
    }
    return NULL;
}

static void blocking_send_waits_for_a_slow_reader(void **state)
{
    wire_t w = wire(*state, MAX);
    reader_t reader = { NULL, w.peer, NULL };
    json_t *big = object(*state, 1024 * 1024);
    pthread_t thread;

    assert_int_equal(APR_SUCCESS, apr_pool_create(&reader.p, NULL));
    assert_int_equal(0, pthread_create(&thread, NULL, read_slowly, &reader));
    assert_int_equal(APR_SUCCESS, frame_send_blocking(frame_channel_fd(w.channel), 1, big,
                                                      apr_time_from_sec(20)));
    assert_int_equal(0, pthread_join(thread, NULL));
    assert_true(json_equal(big, reader.body));
    apr_pool_destroy(reader.p);
}

static void blocking_send_gives_up(void **state)
{
    wire_t w = wire(*state, MAX);
    json_t *big = object(*state, 1024 * 1024);
    apr_time_t begin = apr_time_now();

    assert_int_equal(APR_TIMEUP, frame_send_blocking(frame_channel_fd(w.channel), 1, big,
                                                     apr_time_from_msec(150)));
    assert_true(apr_time_now() - begin >= apr_time_from_msec(150));
    assert_true(apr_time_now() - begin < apr_time_from_sec(10));
    close(w.peer);
}

static void a_channel_closes_its_descriptor(void **state)
{
    wire_t w = { NULL, NULL, -1, 0, NULL };
    char byte;

    assert_int_equal(APR_SUCCESS, apr_pool_create(&w.p, *state));
    w = wire(w.p, MAX);
    apr_pool_destroy(w.p);
    assert_int_equal(0, read(w.peer, &byte, 1));
    close(w.peer);
}

static int is_file(int fd, const char *path)
{
    struct stat a, b;

    return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino
           && a.st_dev == b.st_dev;
}

/* Between other messages, and in the order in which they were sent. */
static void a_descriptor_goes_along(void **state)
{
    wire_t w = wire(*state, 100);
    int fd = open("/", O_RDONLY), came = -1;

    frame_accept_descriptor(w.channel);
    assert_int_equal(-1, frame_take_descriptor(w.channel));
    say_message(&w, 1, "{}");
    assert_int_equal(APR_SUCCESS, frame_send_descriptor(w.peer, 3, fd));
    say_message(&w, 2, "{}");
    while (frame_fill(w.channel) == APR_SUCCESS)
        ;
    expect(&w, 1, "{}");
    expect(&w, 3, "{}");
    expect(&w, 2, "{}");
    came = frame_take_descriptor(w.channel);
    assert_true(came >= 0 && came != fd);
    assert_true(is_file(came, "/"));
    assert_true(fcntl(came, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(-1, frame_take_descriptor(w.channel));
    close(came);
    close(fd);
}

static void descriptors_keep_their_order(void **state)
{
    wire_t w = wire(*state, 100);
    int first = open("/", O_RDONLY), second = open("/dev/null", O_RDONLY), a, b;

    frame_accept_descriptor(w.channel);
    assert_int_equal(APR_SUCCESS, frame_send_descriptor(w.peer, 3, first));
    assert_int_equal(APR_SUCCESS, frame_send_descriptor(w.peer, 4, second));
    while (frame_fill(w.channel) == APR_SUCCESS)
        ;
    a = frame_take_descriptor(w.channel);
    b = frame_take_descriptor(w.channel);
    assert_true(is_file(a, "/"));
    assert_true(is_file(b, "/dev/null"));
    assert_int_equal(-1, frame_take_descriptor(w.channel));
    close(a);
    close(b);
    close(first);
    close(second);
}

static int open_descriptors(void)
{
    int fd, count = 0;

    for (fd = 0; fd < 256; ++fd)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* An agent could send them by the thousand. */
static void descriptors_that_nobody_wants_are_closed(void **state)
{
    wire_t w = wire(*state, MAX);
    int fd = open("/", O_RDONLY), before = open_descriptors(), i;

    for (i = 0; i < 20; ++i)
        assert_int_equal(APR_SUCCESS, frame_send_descriptor(w.peer, 3, fd));
    while (frame_fill(w.channel) == APR_SUCCESS)
        ;
    assert_int_equal(before, open_descriptors());
    frame_accept_descriptor(w.channel);
    for (i = 0; i < 20; ++i)
        assert_int_equal(APR_SUCCESS, frame_send_descriptor(w.peer, 3, fd));
    while (frame_fill(w.channel) == APR_SUCCESS)
        ;
    assert_int_equal(before + FRAME_DESCRIPTORS_MAX,
                     open_descriptors()); /* they wait to be taken */
    close(fd);
}

/* In a process that was forked from the one whose they are. */
static void what_is_inherited_can_be_closed(void **state)
{
    int before = open_descriptors(), fd = open("/", O_RDONLY);
    wire_t w = wire(*state, MAX);

    frame_accept_descriptor(w.channel);
    assert_int_equal(APR_SUCCESS, frame_send_descriptor(w.peer, 3, fd));
    assert_int_equal(APR_SUCCESS, frame_fill(w.channel));
    frame_channel_close(w.channel);
    frame_channel_close(w.channel);
    assert_int_equal(-1, frame_take_descriptor(w.channel));
    close(w.peer);
    close(fd);
    assert_int_equal(before, open_descriptors());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_message_arrives),
        fixture_test(it_arrives_byte_by_byte),
        fixture_test(two_arrive_in_one_read),
        fixture_test(what_breaks_the_format_is_refused),
        fixture_test(the_limit_is_the_payloads),
        fixture_test(a_peer_that_floods_waits_in_the_socket),
        fixture_test(the_end_is_told_after_the_last_message),
        fixture_test(sending_does_not_wait),
        fixture_test(sending_to_nobody_fails),
        fixture_test(nobody_sends_more_than_anybody_takes),
        fixture_test(blocking_send_waits_for_a_slow_reader),
        fixture_test(blocking_send_gives_up),
        fixture_test(a_channel_closes_its_descriptor),
        fixture_test(a_descriptor_goes_along),
        fixture_test(descriptors_keep_their_order),
        fixture_test(descriptors_that_nobody_wants_are_closed),
        fixture_test(what_is_inherited_can_be_closed),
    };

    return fixture_run(tests);
}
