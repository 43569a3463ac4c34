/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_PERSIST_H
#define AGENT_PERSIST_H

/* agent/persist.h - the records of dns-persist-01 that a certificate's names need: what each has to say,
 * and whether it is there. They are looked up when an authorization asks for one, and now and then
 * besides, so that the status tells before a renewal does. */

#include "acme/authorization.h"
#include "acme/persist.h"
#include "agent/job.h"
#include "agent/lookup.h"

typedef enum {
    PERSIST_UNKNOWN, /* nobody could be asked, or nobody was yet */
    PERSIST_MISSING,
    PERSIST_WRONG,  /* there is one, and it does not count */
    PERSIST_PARTLY, /* some authoritative name servers have it */
    PERSIST_THERE
} persist_state_t;

typedef struct persist_record {
    struct persist *persist;
    const char *name; /* that it validates, without "*." */
    int wildcard;     /* the certificate has "*." of it */
    persist_state_t state;
    int servers;      /* authoritative ones; 0: they could not be found or asked */
    int answered;     /* of them */
    int having;       /* of those */
    apr_time_t until; /* when the first of what they have lapses; 0: never */
    apr_time_t seen;  /* when it was looked up; 0: not yet */
    const char *at;   /* the name of the record that was found or looked for */
    const char *why;  /* half a sentence: what is the matter; NULL when it is there */
    apr_pool_t *pool; /* owns those two */
} persist_record_t;

typedef struct persist persist_t;

/** record is borrowed. */
typedef void persist_done_fn(void *baton, const persist_record_t *record);

/** For a certificate whose challenges include dns-persist-01; else NULL. In the agent's pool. */
persist_t *persist_make(job_t *job);

/** Look again if it is time; called by the loop. */
void persist_poke(persist_t *persist);

/** When that is; 0: it waits for an event. persist may be NULL. */
apr_time_t persist_due(const persist_t *persist);

/** Look whether an authorization can be had by this challenge. done is called later, from the loop. */
void persist_look(persist_t *persist, const acme_authorization_t *authorization,
                  const acme_challenge_t *challenge, persist_done_fn *done, void *baton);

/** What the CA calls itself, const char *; NULL: nobody knows. persist may be NULL. Borrowed. */
const apr_array_header_t *persist_issuers(const persist_t *persist);

/** True when the record that validates the name ("*." or not) was looked up, does not count, and is not
 * one that ACMEDNSCommand would add. persist may be NULL. */
int persist_lacks(const persist_t *persist, const char *name);

/** Judge what was found for names below each other: fills in all but name and wildcard.
 * @param names const char *: those that were validated, the first one itself, then those above */
void persist_judge(persist_record_t *record, const lookup_found_t *found,
                   const apr_array_header_t *names, const acme_persist_need_t *need, apr_pool_t *p);

/** "To validate NAME publish RECORD, at present ...": in result, with EAB_PROBLEM_PERSIST. */
void persist_explain(const persist_record_t *record, eab_result_t *result);

/** For the status: an array of records, ready to be published. Empty as long as nobody knows what the
 * CA calls itself. A new reference. */
json_t *persist_to_json(const persist_t *persist, apr_pool_t *p);

#endif
