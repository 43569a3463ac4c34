/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/lookup.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/file.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define RESOLV_CONF_MAX 65536
#define DNS_PORT 53

typedef struct server {
    struct sockaddr_storage address;
    socklen_t len;
} server_t;

typedef struct task task_t;

/* In a thread. */
typedef void look_fn(task_t *task);

struct task {
    look_fn *look;
    server_t resolvers[LOOKUP_RESOLVERS_MAX];
    int resolver_count;
    char names[LOOKUP_NAMES_MAX][RESOLVER_NAME_MAX];
    int name_count;
    apr_time_t deadline;
    lookup_found_t *found;
    lookup_done_fn *done;
    void *baton;
};

/* ---- in a thread ---- */

static void set_server(server_t *server, const unsigned char *octets, int len, int port)
{
    memset(server, 0, sizeof(*server));
    if (len == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)&server->address;

        in->sin_family = AF_INET;
        in->sin_port = htons((in_port_t)port);
        memcpy(&in->sin_addr, octets, 4);
        server->len = sizeof(*in);
    }
    else {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&server->address;

        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((in_port_t)port);
        memcpy(&in6->sin6_addr, octets, 16);
        server->len = sizeof(*in6);
    }
}

/* The first resolver that answers. */
static int ask_resolvers(const task_t *task, resolver_answer_t *answer, const char *name, int type)
{
    int i;

    for (i = 0; i < task->resolver_count; ++i) {
        const server_t *server = &task->resolvers[i];

        if (resolver_ask(answer, (const struct sockaddr *)&server->address, server->len, name, type,
                         1, task->deadline)
            == APR_SUCCESS) {
            return 1;
        }
    }
    return 0;
}

/* The name servers of the zone that the name is in. @return 0 when they are not to be found */
static int find_zone(const task_t *task, resolver_answer_t *servers, const char *name)
{
    for (; name != NULL && strchr(name, '.') != NULL; name = strchr(name, '.') + 1) {
        if (!ask_resolvers(task, servers, name, RESOLVER_NS)) {
            return 0;
        }
        if (servers->count > 0 && strcmp(servers->owner, name) == 0) {
            return 1;
        }
    }
    return 0;
}

static int find_address(const task_t *task, resolver_answer_t *room, server_t *server,
                        const char *name)
{
    if ((ask_resolvers(task, room, name, RESOLVER_A) && room->count > 0)
        || (ask_resolvers(task, room, name, RESOLVER_AAAA) && room->count > 0)) {
        set_server(server, (const unsigned char *)room->values[0].data, room->values[0].len,
                   DNS_PORT);
        return 1;
    }
    return 0;
}

static lookup_view_t *add_view(lookup_found_t *found, int depth, const char *server)
{
    lookup_view_t *view = &found->views[found->count++];

    view->depth = depth;
    view->authoritative = *server != '\0';
    apr_cpystrn(view->server, server, sizeof(view->server));
    view->answer = calloc(1, sizeof(*view->answer));
    if (view->answer == NULL) {
        abort();
    }
    return view;
}

/* An alias in the answer says that the resolver knew an older state: nothing can be told by it. */
static void ask_authority(const task_t *task, int depth, const char *name, const char *nameserver)
{
    lookup_view_t *view = add_view(task->found, depth, nameserver);
    server_t server;

    view->answered = find_address(task, view->answer, &server, nameserver)
                     && resolver_ask(view->answer, (const struct sockaddr *)&server.address,
                                     server.len, name, RESOLVER_TXT, 0, task->deadline)
                            == APR_SUCCESS
                     && strcmp(view->answer->owner, name) == 0;
}

static void look_at(const task_t *task, int depth, resolver_answer_t *servers)
{
    lookup_view_t *view = add_view(task->found, depth, "");
    const char *name = task->names[depth];
    int i;

    view->answered = ask_resolvers(task, view->answer, name, RESOLVER_TXT);
    if (depth > 0 && (!view->answered || view->answer->count == 0)) {
        return;
    }
    if (view->answered && view->answer->owner[0] != '\0') {
        name = view->answer->owner;
    }
    if (find_zone(task, servers, name)) {
        for (i = 0; i < servers->count && i < LOOKUP_SERVERS_MAX; ++i) {
            ask_authority(task, depth, name, servers->values[i].data);
        }
    }
}

static void look_for_records(task_t *task)
{
    resolver_answer_t *servers = calloc(1, sizeof(*servers));
    int i;

    if (servers == NULL) {
        abort();
    }
    task->deadline = clock_steady() + LOOKUP_LIMIT;
    for (i = 0; i < task->name_count; ++i) {
        look_at(task, i, servers);
    }
    free(servers);
}

static void look_for_addresses(task_t *task)
{
    static const int types[] = { RESOLVER_A, RESOLVER_AAAA };
    int i;

    task->deadline = clock_steady() + LOOKUP_ADDRESS_LIMIT;
    for (i = 0; i < 2; ++i) {
        lookup_view_t *view = add_view(task->found, 0, "");

        view->answered = ask_resolvers(task, view->answer, task->names[0], types[i]);
    }
}

/* RFC 8659, 3: the records of the name, or else of the nearest domain above it that has any. An alias leads to
 * the records of where it leads to, and not to those above that. */
static void look_for_caa(task_t *task)
{
    lookup_view_t *view = add_view(task->found, 0, "");
    const char *name = task->names[0];

    task->deadline = clock_steady() + LOOKUP_CAA_LIMIT;
    for (;;) {
        view->answered = ask_resolvers(task, view->answer, name, RESOLVER_CAA);
        if (!view->answered || view->answer->count > 0 || strchr(name, '.') == NULL) {
            return;
        }
        name = strchr(name, '.') + 1;
    }
}

static void look(task_t *task)
{
    if ((task->found = calloc(1, sizeof(*task->found))) == NULL) {
        abort();
    }
    task->look(task);
}

static void work(void *data)
{
    look(data);
}

static void tell(void *data)
{
    task_t *task = data;

    task->done(task->baton, task->found);
}

static void forget(void *data)
{
    task_t *task = data;
    int i;

    for (i = 0; task->found != NULL && i < task->found->count; ++i) {
        free(task->found->views[i].answer);
    }
    free(task->found);
    free(task);
}

/* ---- questions ---- */

static void add_resolver(task_t *task, const char *text, int port)
{
    unsigned char octets[ADDRESS_OCTETS_MAX];
    int len = address_parse(octets, text);

    if (len != 0 && task->resolver_count < LOOKUP_RESOLVERS_MAX) {
        set_server(&task->resolvers[task->resolver_count++], octets, len, port);
    }
}

/* resolv.conf(5): "nameserver ADDRESS"; without any it is this machine. */
static void read_resolvers(task_t *task, apr_pool_t *p)
{
    const char *data = NULL;
    apr_size_t len = 0;
    char *line, *rest, *word, *state = NULL;

    if (file_read(&data, &len, RESOLV_CONF, RESOLV_CONF_MAX, p) == APR_SUCCESS) {
        rest = apr_pstrmemdup(p, data, len);
        for (; (line = apr_strtok(rest, "\n", &state)) != NULL; rest = NULL) {
            char *words = NULL;

            word = apr_strtok(line, " \t", &words);
            if (word != NULL && strcmp(word, "nameserver") == 0
                && (word = apr_strtok(NULL, " \t", &words)) != NULL) {
                add_resolver(task, word, DNS_PORT);
            }
        }
    }
    if (task->resolver_count == 0) {
        add_resolver(task, "127.0.0.1", DNS_PORT);
    }
}

static task_t *make_task(look_fn *how, const char *resolver, lookup_done_fn *done, void *baton)
{
    task_t *task = calloc(1, sizeof(*task));
    apr_pool_t *pool = NULL;

    if (task == NULL) {
        abort();
    }
    task->look = how;
    task->done = done;
    task->baton = baton;
    apr_pool_create(&pool, NULL);
    if (resolver != NULL) {
        add_resolver(task, resolver, DNS_PORT);
    }
    else {
        read_resolvers(task, pool);
    }
    apr_pool_destroy(pool);
    return task;
}

static void add_name(task_t *task, const char *name)
{
    apr_cpystrn(task->names[task->name_count++], name, RESOLVER_NAME_MAX);
}

void lookup_start(aside_t *aside, const char *resolver, const apr_array_header_t *names,
                  lookup_done_fn *done, void *baton)
{
    task_t *task = make_task(look_for_records, resolver, done, baton);
    int i;

    for (i = 0; i < names->nelts && i < LOOKUP_NAMES_MAX; ++i) {
        add_name(task, APR_ARRAY_IDX(names, i, const char *));
    }
    aside_run(aside, 0, work, tell, forget, task);
}

void lookup_addresses(aside_t *aside, const char *resolver, const char *name, lookup_done_fn *done,
                      void *baton)
{
    task_t *task = make_task(look_for_addresses, resolver, done, baton);

    add_name(task, name);
    aside_run(aside, 1, work, tell, forget, task);
}

void lookup_caa(aside_t *aside, const char *resolver, const char *name, lookup_done_fn *done,
                void *baton)
{
    task_t *task = make_task(look_for_caa, resolver, done, baton);

    add_name(task, name);
    aside_run(aside, 1, work, tell, forget, task);
}
