/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORT_FORMAT_H
#define IMPORT_FORMAT_H

/* import/format.h - the ACME clients whose files can be read: a table, and a reader a file.
 *
 * A reader fills what it finds into found_t, also what is damaged or of no use, with the reason. It
 * fails only when there is nothing to look into. It changes nothing. */

#include "base/result.h"
#include "import/found.h"

/* What the administrator says. */
typedef struct format_options {
    const char *path;           /* directory or file; NULL: where the client has it by default */
    const char *directory;      /* --directory: for formats that do not tell the CA; or NULL */
    const char *kid;            /* --kid, or NULL */
    const char *account_url;    /* --account-url: for formats that do not tell it; or NULL */
    const char *key_path;       /* --key: a private key in a file of its own; or NULL */
    const char *home;           /* of the user, for the default places below it; or NULL */
    const secret_t *passphrase; /* of keys and PKCS#12 files; or NULL */
} format_options_t;

typedef apr_status_t format_read_fn(found_t *found, const format_options_t *options,
                                    eab_result_t *result);

typedef struct format {
    const char *name;    /* "certbot" */
    const char *path;    /* the default; "~/" in front stands for home; NULL: must be given */
    const char *disable; /* how the client is kept from renewing as well; NULL: nothing renews */
    format_read_fn *read;
} format_t;

/** The formats, ended by one without a name. */
extern const format_t formats[];

/** By its name, or NULL. */
const format_t *format_find(const char *name);

/** Read what a client has into found: its path is the given one, or the default.
 * @return APR_SUCCESS, or why there is nothing to look into, in result */
apr_status_t format_read(found_t *found, const format_t *format, const format_options_t *options,
                         eab_result_t *result);

format_read_fn acmesh_read, caddy_read, certbot_read, dehydrated_read, haproxy_read, lego_read,
    mod_md_read, pem_read, pfx_read, posh_acme_read, traefik_read;

#endif
