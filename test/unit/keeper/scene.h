/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_KEEPER_SCENE_H
#define TEST_KEEPER_SCENE_H

/* What the tests of the keeper start from: a plan with one account and one certificate, a real store
 * in a directory of the test, a keeper, and an agent that only writes down what it is told. */

#include "../fixture.h"

#include <apr_tables.h>

#include "../crypto/party.h"
#include "ipc/message.h"
#include "keeper/keeper.h"
#include "keeper/sentence.h"

#define NAME "www.example.edu"
#define DIRECTORY "https://ca.example/directory"
#define ACCOUNT_URL "https://ca.example/account/1"
#define ORDER_URL "https://ca.example/order/1"
#define KID "kid-1"
#define NONCE "bm9uY2U"
/* The HMAC key in its file: 32 bytes, "0123...", in base64url. */
#define HMAC "0123456789abcdef0123456789abcdef"
#define HMAC_TEXT "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"

/* The line to the agent of these tests. Each reply stops the loop. */
struct agent_line {
    apr_pool_t *pool;
    apr_pool_t *notes; /* of the last reply */
    loop_t *loop;
    int replies;
    int refused; /* the id that was last refused */
    int id;      /* of the last reply, and what it said: */
    const char *jws;
    int has_facts;
    eab_result_t *problem; /* rv APR_SUCCESS: DONE or SIGNED */
    int sent;              /* messages besides, and the last: */
    int sent_type;
    const char *sent_text;
    void (*on_sent)(void); /* or NULL */
    int counters;          /* how often it was told of them */
    int news;              /* how often there were some, and the last: */
    const char *news_state;
    const char *news_why;
};

/* To have them linked in place of the keeper's own, which are in a library. */
extern agent_line_t *(*const scene_line)(loop_t *loop, apr_pool_t *p);

struct agent_process {
    int renewals; /* how often it was started anew */
};

typedef struct scene {
    apr_pool_t *p;
    const char *dir; /* of the test, with everything below */
    const char *key_file;
    plan_t *plan;
    plan_account_t *account;         /* of the plan */
    plan_certificate_t *certificate; /* of the plan */
    apr_pool_t *pool;                /* of the keeper below; it ends with each restart */
    keeper_t *keeper;
    segment_t *segment; /* memory that httpd's workers read; or NULL */
    eab_result_t *result;
    party_t *ca;
    const char *access, *feature; /* of the certificates that it issues, as in party_spec_t */
    long from, until;             /* likewise */
    party_t *leaf;                /* the last of them */
} scene_t;

/** Directories, plan and key file; no keeper yet. */
scene_t *scene_make(apr_pool_t *p);

/** Start a keeper, as after a restart: what the last one had in memory is gone. */
keeper_t *scene_start(scene_t *s);

/** End it, without another. */
void scene_stop(scene_t *s);

/** Everything is taken away. */
void scene_end(scene_t *s);

keeper_account_t *scene_account(scene_t *s);
keeper_certificate_t *scene_certificate(scene_t *s);

/** The account gets its URL. */
void scene_register(scene_t *s);

/** Sign and expect success, waiting for a key if need be. */
const char *scene_sign(scene_t *s, int sentence);

/** Sign and expect that it is refused; the problem is in s->result. */
void scene_refuse(scene_t *s, int sentence);

/** Run the loop until the agent has this many replies in all; fails after some seconds. */
void scene_wait(scene_t *s, int replies);

/** Run the loop for that long. */
void scene_run(scene_t *s, apr_interval_time_t span);

/** From registered to an order that is finalized. */
void scene_finalize(scene_t *s);

/** A chain of the test's CA for that key, as PEM. names as in openssl.cnf. */
const char *scene_chain(scene_t *s, keypair_t *key, const char *names);

/** What the CA sent is to be installed: how that ended, in result as far as it is known at once. */
apr_status_t scene_bring(scene_t *s, const char *pem);

/** Install a certificate for the order in flight. */
void scene_install(scene_t *s);

/** httpd loads the best certificate that there is: the next keeper is told so. */
void scene_load(scene_t *s);

/** A path below the store. In p of the scene. */
const char *scene_path(scene_t *s, const char *below);
int scene_has(scene_t *s, const char *below);

/** A JSON file below the store, or NULL. */
json_t *scene_read(scene_t *s, const char *below);

/** An executable shell script of the test. @return its path */
const char *scene_script(scene_t *s, const char *name, const char *text);

/** The parts of a JWS, whose signature is checked with the account's key. */
void scene_open_jws(scene_t *s, const char *jws, json_t **pheader, const char **ppayload);

/** The agent's message: type and body (given away). */
apr_status_t scene_ask(scene_t *s, int type, json_t *body);

#endif
