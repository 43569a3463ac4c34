/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_ANSWER_H
#define FAKE_ANSWER_H

/* What the tests of this folder start from: an answer as a transport would hand it over. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

#include "acme/transport.h"
#include "base/result.h"

static inline acme_answer_t *fake_answer(apr_pool_t *p, int status, const char *body)
{
    acme_answer_t *answer = apr_pcalloc(p, sizeof(*answer));

    answer->pool = p;
    answer->url = "https://ca.example/dir";
    answer->status = status;
    answer->headers = apr_table_make(p, 4);
    answer->body = body;
    answer->len = strlen(body);
    return answer;
}

static inline void fake_header(acme_answer_t *answer, const char *name, const char *value)
{
    apr_table_addn(answer->headers, name, value);
}

/* Each test gets a pool as its state. */
static inline int fake_setup(void **state)
{
    apr_pool_t *p = NULL;

    apr_initialize();
    apr_pool_create(&p, NULL);
    *state = p;
    return 0;
}

static inline int fake_teardown(void **state)
{
    apr_pool_destroy(*state);
    apr_terminate();
    return 0;
}

#define FAKE_TEST(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)

#endif
