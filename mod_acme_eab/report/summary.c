/* SPDX-License-Identifier: Apache-2.0 */
#include "report/summary.h"

#include <apr_strings.h>
#include <string.h>

#include "base/json.h"

void summary_take(summary_t *summary, const json_t *status, apr_time_t now)
{
    const json_t *reload = json_object_get(status, "reload");
    const json_t *certificate;
    size_t i;

    memset(summary, 0, sizeof(*summary));
    json_array_foreach(json_object_get(status, "certificates"), i, certificate)
    {
        apr_time_t expiry = grade_expiry(certificate);

        ++summary->certificates;
        ++summary->by_grade[grade_of(certificate, reload, now, NULL)];
        if (expiry != 0 && (summary->next_expiry == 0 || expiry < summary->next_expiry))
            summary->next_expiry = expiry;
    }
}

const char *summary_sentence(apr_pool_t *p, const summary_t *summary)
{
    static const grade_t bad[] = { GRADE_DOWN, GRADE_AT_RISK, GRADE_UNKNOWN };
    const char *sentence = NULL;
    size_t i;

    if (summary->certificates == 0)
        return "No certificate is managed";
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        int count = summary->by_grade[bad[i]];

        if (count > 0 && sentence == NULL)
            sentence =
                apr_psprintf(p, "%d of %d %s", count, summary->certificates, grade_name(bad[i]));
        else if (count > 0)
            sentence = apr_psprintf(p, "%s, %d %s", sentence, count, grade_name(bad[i]));
    }
    if (sentence != NULL)
        return sentence;
    if (summary->certificates == 1)
        return "1 certificate, ok";
    return apr_psprintf(p, "%d certificates, all ok", summary->certificates);
}

/* One of version 1 has no heartbeat. */
apr_time_t summary_heartbeat(const json_t *status)
{
    return json_peek_int(status, "version", 1) > 1 ? json_peek_time(status, "heartbeat")
                                                   : json_peek_time(status, "generated");
}

int summary_is_stale(const json_t *status, apr_time_t now)
{
    apr_time_t heartbeat = summary_heartbeat(status);

    return heartbeat == 0 || now - heartbeat > SUMMARY_STALE_AFTER
           || heartbeat - now > SUMMARY_STALE_AFTER;
}

void summary_put(json_t *status, apr_time_t now)
{
    const json_t *reload = json_object_get(status, "reload");
    json_t *certificate, *counts = json_object();
    summary_t summary;
    size_t i;

    json_array_foreach(json_object_get(status, "certificates"), i, certificate)
    {
        const char *why = NULL;

        json_put_string(certificate, "grade", grade_word(grade_of(certificate, reload, now, &why)));
        json_object_del(certificate, "grade_why");
        json_put_string(certificate, "grade_why", why);
    }
    summary_take(&summary, status, now);
    json_object_set_new(counts, "certificates", json_integer(summary.certificates));
    json_object_set_new(counts, "down", json_integer(summary.by_grade[GRADE_DOWN]));
    json_object_set_new(counts, "at_risk", json_integer(summary.by_grade[GRADE_AT_RISK]));
    json_object_set_new(counts, "unknown", json_integer(summary.by_grade[GRADE_UNKNOWN]));
    json_object_set_new(counts, "ok", json_integer(summary.by_grade[GRADE_OK]));
    json_put_time(counts, "next_expiry", summary.next_expiry);
    json_object_set_new(status, "summary", counts);
    json_object_set_new(status, "stale",
                        json_boolean(summary.certificates > 0 && summary_is_stale(status, now)));
}

/* In live/, where a path stays when the certificate is renewed. */
static void put_file(json_t *key, const char *member, const char *store_dir, const char *file,
                     apr_pool_t *ptemp)
{
    json_put_string(
        key, member,
        apr_pstrcat(ptemp, store_dir, "/live/", json_peek_string(key, "live"), "/", file, NULL));
}

void summary_put_files(json_t *status, const char *store_dir, apr_pool_t *ptemp)
{
    json_t *certificate, *key;
    size_t i, k;

    json_array_foreach(json_object_get(status, "certificates"), i, certificate)
    {
        json_array_foreach(json_object_get(certificate, "keys"), k, key)
        {
            if (json_peek_string(key, "live") != NULL) {
                put_file(key, "key_file", store_dir, "privkey.pem", ptemp);
                put_file(key, "chain_file", store_dir, "fullchain.pem", ptemp);
            }
        }
    }
}
