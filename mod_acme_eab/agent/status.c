/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/status.h"

#include <string.h>
#include <unistd.h>

#include <apr_strings.h>
#include <openssl/crypto.h>

#include "agent/account.h"
#include "agent/directory.h"
#include "agent/entry.h"
#include "agent/trouble.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/process.h"
#include "base/rundir.h"
#include "base/text.h"

/* Members are added; none changes its meaning, and none is taken away. */
#define STATUS_VERSION 2

/* It is written so often also when nothing happens, so that a reader can tell an agent that rests from
 * one that hangs: each minute, with the sleep of the loop. */
#define HEARTBEAT apr_time_from_sec(45)

/* It is written at most this often, and that of thousands of certificates so seldom that no more than one
 * part in SHARE of the agent's time goes into it. */
#define INTERVAL apr_time_from_msec(200)
#define SHARE 20

/* After a failure: for example, the disk is full. */
#define RETRY apr_time_from_sec(10)

struct status {
    kit_t *kit;
    const apr_array_header_t *accounts, *jobs;
    const char *path;
    int failed;         /* it could not be written */
    apr_time_t at;      /* not before, by clock_steady() */
    apr_time_t beat_at; /* not after, by the same */
};

static apr_interval_time_t clock_behind(const agent_account_t *account)
{
    return account->clock_told ? acme_session_ahead(account->session) : 0;
}

static json_t *account_to_json(const agent_account_t *account, apr_pool_t *p)
{
    json_t *json = json_object();

    json_put_string(json, "label", account->brief->label);
    json_put_string(json, "directory", account->brief->directory);
    json_put_string(json, "url", account->brief->url);
    json_put_string(json, "kid_sha256", account->brief->kid_sha256);
    json_put_string(json, "state", account_state(account));
    json_object_set_new(json, "clock_behind", json_integer(apr_time_sec(clock_behind(account))));
    json_object_set_new(json, "profiles", directory_profiles(account->brief));
    json_object_set_new(json, "ca", directory_to_json(account->brief));
    json_object_set_new(json, "problem", trouble_of_account(account, p));
    return json;
}

static json_t *process_to_json(int pid, apr_time_t since, int restarts)
{
    json_t *json = json_object();

    json_object_set_new(json, "pid", json_integer(pid));
    json_put_time(json, "since", since);
    json_object_set_new(json, "restarts", json_integer(restarts));
    return json;
}

static json_t *processes_to_json(const kit_t *kit)
{
    const brief_t *brief = kit->brief;
    json_t *json = json_object();
    json_t *httpd = process_to_json(brief->httpd_pid, brief->httpd_since, brief->httpd_restarts);

    json_put_string(httpd, "version", brief->httpd_version);
    json_object_set_new(json, "httpd", httpd);
    json_object_set_new(
        json, "keeper",
        process_to_json(brief->keeper_pid, brief->keeper_since, brief->keeper_restarts));
    json_object_set_new(json, "agent",
                        process_to_json((int)getpid(), kit->since, brief->agent_restarts));
    return json;
}

static json_t *reload_to_json(const brief_t *brief, apr_time_t now)
{
    news_t reload = brief->reload;

    /* What is due already happens right now. */
    if (reload.next != 0 && reload.next < now) {
        reload.next = now;
    }
    return news_to_json(&reload);
}

/* Of the leftovers, the certificates: what else reads live/NAME will meet their end. */
static json_t *unconfigured_to_json(const json_t *leftovers)
{
    json_t *list = json_array(), *leftover;
    size_t i;

    json_array_foreach(json_object_get(leftovers, "certificates"), i, leftover)
    {
        json_t *json = json_object();

        json_object_set(json, "name", json_object_get(leftover, "name"));
        json_object_set(json, "not_after", json_object_get(leftover, "not_after"));
        json_object_set(json, "path", json_array_get(json_object_get(leftover, "directories"), 0));
        json_object_set(json, "since", json_object_get(leftover, "since"));
        json_array_append_new(list, json);
    }
    return list;
}

/* Without the certificates. */
static json_t *make_rest(const status_t *status, apr_time_t now, apr_pool_t *ptemp)
{
    json_t *json = json_object();
    json_t *array = json_array();
    int i;

    json_object_set_new(json, "version", json_integer(STATUS_VERSION));
    json_put_string(json, "module", EAB_VERSION);
    json_put_string(json, "openssl", OpenSSL_version(OPENSSL_VERSION_STRING));
    json_put_time(json, "generated", now);
    json_put_time(json, "heartbeat", now);
    for (i = 0; i < status->accounts->nelts; ++i) {
        json_array_append_new(
            array, account_to_json(APR_ARRAY_IDX(status->accounts, i, agent_account_t *), ptemp));
    }
    json_object_set_new(json, "accounts", array);
    json_object_set_new(json, "processes", processes_to_json(status->kit));
    json_put_string(json, "pid_namespace", process_namespace(ptemp));
    json_object_set_new(json, "reload", reload_to_json(status->kit->brief, now));
    json_object_set(json, "leftovers", status->kit->brief->leftovers);
    json_object_set(json, "counters", status->kit->brief->counters);
    json_object_set(json, "history", status->kit->brief->history);
    json_object_set_new(json, "unconfigured", unconfigured_to_json(status->kit->brief->leftovers));
    if (status->kit->brief->exports != NULL) {
        json_object_set(json, "exports", status->kit->brief->exports);
    }
    return json;
}

json_t *status_make(const status_t *status, apr_time_t now, apr_pool_t *ptemp)
{
    json_t *json = make_rest(status, now, ptemp);

    json_object_set_new(json, "certificates", entry_list(status->jobs, now, ptemp));
    return json;
}

/* A line for each. */
static void put_entries(text_t *text, const status_t *status, apr_time_t now, apr_pool_t *ptemp)
{
    apr_pool_t *pool = NULL;
    int i = 0;

    apr_pool_create(&pool, ptemp);
    while (i < status->jobs->nelts && !text->failed) {
        text_put(text, i == 0 ? "\n  " : ",\n  ");
        text_put_json(text, json_own(pool, entry_next(status->jobs, &i, now, pool)), 0);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
}

/* The same document, entry by entry. */
static void print(text_t *text, const status_t *status, apr_time_t now, apr_pool_t *ptemp)
{
    text_put_open(text, json_own(ptemp, make_rest(status, now, ptemp)), JSON_INDENT(1));
    text_put(text, ",\n \"certificates\": [");
    put_entries(text, status, now, ptemp);
    text_put(text, "]\n}");
}

apr_status_t status_write(const status_t *status, apr_time_t now)
{
    apr_pool_t *pool = NULL;
    apr_status_t rv = APR_ENOMEM;
    text_t text = { 0 };

    apr_pool_create(&pool, status->kit->pool);
    print(&text, status, now, pool);
    if (!text.failed) {
        const char *note = rundir_clear_file(status->path, pool);

        if (note != NULL) {
            log_line(LOG_LEVEL_WARNING, "%s.", note);
        }
        rv = file_replace(status->path, text.data, text.len, 0644, 0, pool);
    }
    text_free(&text);
    apr_pool_destroy(pool);
    return rv;
}

status_t *status_open(kit_t *kit, const apr_array_header_t *accounts,
                      const apr_array_header_t *jobs)
{
    status_t *status = apr_pcalloc(kit->pool, sizeof(*status));

    status->kit = kit;
    status->accounts = accounts;
    status->jobs = jobs;
    status->path = apr_pstrcat(kit->pool, kit->brief->run_dir, "/status.json", NULL);
    return status;
}

static int is_gone(const char *path)
{
    struct stat st;

    return APR_STATUS_IS_ENOENT(file_look(&st, path));
}

/* The machine may have slept in the middle of it, and there may be very many certificates: it is written each
 * minute all the same. */
static apr_interval_time_t pause_after(apr_interval_time_t writing)
{
    apr_interval_time_t pause = writing * SHARE;

    return pause < INTERVAL ? INTERVAL : pause > HEARTBEAT ? HEARTBEAT : pause;
}

void status_follow(status_t *status, apr_time_t now)
{
    kit_t *kit = status->kit;
    apr_time_t began = clock_steady();
    apr_interval_time_t pause;
    apr_status_t rv;

    if (!kit->touched && (now >= status->beat_at || is_gone(status->path))) {
        kit_touch(kit);
    }
    if (!kit->touched || now < status->at) {
        return;
    }
    rv = status_write(status, apr_time_now());
    if (rv != APR_SUCCESS && !status->failed) {
        log_line(LOG_LEVEL_ERROR,
                 "The status cannot be written to %s: %s. Check that ACMEUser owns ACMERunDir and "
                 "that the disk has room; it is tried again by itself.",
                 kit->brief->run_dir, file_reason(kit->pool, rv, status->path));
    }
    if (rv == APR_SUCCESS && status->failed) {
        file_sweep(kit->brief->run_dir, kit->pool);
    }
    status->failed = (rv != APR_SUCCESS);
    kit->touched = status->failed;
    pause = pause_after(clock_steady() - began);
    status->at = now + (status->failed ? RETRY : pause);
    status->beat_at = now + HEARTBEAT;
}

apr_time_t status_due(const status_t *status)
{
    return status->at;
}
