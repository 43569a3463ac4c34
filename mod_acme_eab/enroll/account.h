/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENROLL_ACCOUNT_H
#define ENROLL_ACCOUNT_H

/* enroll/account.h - what Sectigo Certificate Manager says of ACME accounts, read from its answers.
 * Pure. Texts are borrowed from the JSON. */

#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>

/* An ACME server of the CA, of GET acme/v1/server. */
typedef struct account_server {
    const char *name;
    const char *url;
    const char *validation; /* "DV", "OV", "EV", or "" */
} account_server_t;

/* Of GET acme/v2/account. */
typedef struct account {
    const char *id; /* digits */
    const char *name;
    const char *server; /* by name or by URL: both are seen */
    const char *status; /* "pending", "valid", or "" */
    const char *mac_id;
    const char *mac_key; /* a secret: never shown */
    apr_int64_t organization;
} account_t;

/** Read one; members of the wrong type are "" or 0. @return 0 when it has no id or no name */
int account_read(account_t *account, const json_t *json, apr_pool_t *p);

/** @return 0 when it has neither name nor URL */
int account_server_read(account_server_t *server, const json_t *json);

/** The server that text names, by its URL or its name. @return 0 when the list has none of that */
int account_server_find(account_server_t *server, const json_t *list, const char *text);

/** True when what an account says of its server is this one. */
int account_is_at(const account_t *account, const account_server_t *server);

/** The accounts of that very name in a list, of account_t. In p. */
apr_array_header_t *account_find(const json_t *list, const char *name, apr_pool_t *p);

/** The id at the end of a Location: ".../acme/v2/account/100" is "100". In p; NULL when there is none. */
const char *account_id_of(const char *location, apr_pool_t *p);

/** The domains that were not added, of const char *, in p: {"notAddedDomains":[...]}. */
apr_array_header_t *account_not_added(const json_t *json, apr_pool_t *p);

/** {"domains":[{"name":...}]} for count names from first on. A new reference. */
json_t *account_domains(const apr_array_header_t *names, int first, int count);

#endif
