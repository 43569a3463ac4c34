/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/own.h"

#include <string.h>

#include "base/address.h"
#include "base/name.h"
#include "crypto/leaf.h"

/* What Debian and Fedora make: for the name of the machine, so that it may well be a ServerName, and
 * trusted by no client. */
static const char *const placeholders[] = { "ssl-cert-snakeoil.pem", "localhost.crt" };

int own_is_uri(const char *file)
{
    return strncmp(file, "pkcs11:", strlen("pkcs11:")) == 0;
}

own_t *own_make(apr_pool_t *p)
{
    own_t *own = apr_pcalloc(p, sizeof(*own));

    own->names = apr_array_make(p, 4, sizeof(const char *));
    return own;
}

static int is_placeholder(const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *name = slash != NULL ? slash + 1 : file;
    apr_size_t i = 0;

    for (i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); ++i) {
        if (strcmp(name, placeholders[i]) == 0)
            return 1;
    }
    return 0;
}

static void add_leaf(own_t *own, const leaf_t *leaf)
{
    int i = 0;

    own->is_usable = 1;
    own->is_vouched |= !leaf->is_self_signed;
    own->has_rsa |= leaf->is_rsa;
    for (i = 0; i < leaf->names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(leaf->names, i, const char *);

        if (!name_is_among(own->names, name))
            APR_ARRAY_PUSH(own->names, const char *) = name;
    }
}

void own_add(own_t *own, const char *file, apr_time_t now)
{
    leaf_t *leaf = NULL;

    if (own_is_uri(file)) {
        own->is_usable = 1;
        own->is_vouched = 1;
        own->is_uri = 1;
    }
    else if (!is_placeholder(file) && leaf_read(&leaf, file, own->names->pool) == APR_SUCCESS
             && now < leaf->not_after)
        add_leaf(own, leaf);
}

/* No certificate has an underscore in a name, or a pattern other than a wildcard. */
static int can_be_named(const own_t *own, const char *name)
{
    return name_normalize(own->names->pool, name, NULL) != NULL || address_is_normal(name);
}

int own_covers(const own_t *own, const char *name)
{
    return (own->is_uri && can_be_named(own, name)) || name_matches_any(own->names, name);
}

/* "localhost" and the short name of a machine are in nobody's certificate. */
static int is_public(const char *name)
{
    return strchr(name, '.') != NULL || address_is_normal(name);
}

int own_is_real(const own_t *own, const apr_array_header_t *names)
{
    int i = 0;

    if (!own->is_usable || own->is_vouched)
        return own->is_usable;
    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (is_public(name) && own_covers(own, name))
            return 1;
    }
    return 0;
}

int own_stays(const own_t *own, const apr_array_header_t *names, const apr_array_header_t *managed)
{
    int i = 0, more = 0;

    if (!own_is_real(own, names))
        return 0;
    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        int now = own_covers(own, name), then = name_matches_any(managed, name);

        if (i == 0 && now && !then)
            return 1;
        more += now - then;
    }
    return more > 0;
}

apr_array_header_t *own_lost(apr_pool_t *p, const own_t *own, const apr_array_header_t *names,
                             const apr_array_header_t *managed)
{
    apr_array_header_t *lost = apr_array_make(p, 4, sizeof(const char *));
    int i = 0;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (own_covers(own, name) && !name_matches_any(managed, name))
            APR_ARRAY_PUSH(lost, const char *) = name;
    }
    return lost;
}
