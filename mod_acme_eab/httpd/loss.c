/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/loss.h"

#include <http_log.h>
#include <apr_strings.h>

#include "base/name.h"
#include "httpd/mistake.h"
#include "httpd/value.h"
#include "httpd/vhosts.h"

#define LONGEST_LIST 2000 /* characters: httpd cuts lines at 8192 */

typedef struct loss {
    const site_t *site;
    apr_pool_t *ptemp;
} loss_t;

static const char *first_of(const site_domain_t *domain)
{
    return APR_ARRAY_IDX(domain->names, 0, const char *);
}

/* "'www.example.edu' (FILE:LINE)". */
static const char *domain_text(const loss_t *loss, const site_domain_t *domain)
{
    return apr_psprintf(loss->ptemp, "'%s' (%s)", first_of(domain), domain->declared->where);
}

/* The names on as many lines as it takes, const char *. */
static apr_array_header_t *lists_of(const loss_t *loss, const apr_array_header_t *names)
{
    apr_array_header_t *lists = apr_array_make(loss->ptemp, 1, sizeof(const char *));
    const char *list = NULL;
    int i = 0;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = ap_escape_logitem(loss->ptemp, APR_ARRAY_IDX(names, i, const char *));

        list = list == NULL ? name : apr_pstrcat(loss->ptemp, list, " ", name, NULL);
        if (i == names->nelts - 1 || strlen(list) > LONGEST_LIST) {
            APR_ARRAY_PUSH(lists, const char *) = list;
            list = NULL;
        }
    }
    return lists;
}

/* "this <VirtualHost> 'www.example.edu' BEFORE a.example.edu b.example.edu AFTER". */
static void tell_names(const loss_t *loss, const server_rec *s, const apr_array_header_t *names,
                       const char *before, const char *after)
{
    const apr_array_header_t *lists = lists_of(loss, names);
    int i = 0;

    for (i = 0; i < lists->nelts; ++i)
        mistake_add(loss->site->notices, vhosts_where(loss->ptemp, s), "this %s %s %s%s",
                    vhosts_label(loss->ptemp, s), before, APR_ARRAY_IDX(lists, i, const char *),
                    after);
}

/* ---- those that keep their own ------------------------------------------------------------------- */

static void tell_off(const loss_t *loss, const site_left_t *left)
{
    const server_rec *s = left->server;
    const tree_vhost_t *tree = tree_vhost(loss->site->tree, s);

    if (tree->cert_files->nelts == 0)
        mistake_add(
            loss->site->notices, vhosts_where(loss->ptemp, s),
            "this %s has 'ACMEManagedDomain off' and no SSLCertificateFile; name one, since "
            "mod_ssl does not start without a certificate",
            vhosts_label(loss->ptemp, s));
}

static void tell_left(const loss_t *loss, const site_left_t *left)
{
    const server_rec *s = left->server;

    if (left->why == SITE_LEFT_OFF)
        tell_off(loss, left);
    else if (left->why == SITE_LEFT_MORE)
        tell_names(loss, s, own_lost(loss->ptemp, left->own, left->names, left->domain->names),
                   "keeps its SSLCertificateFile, which covers",
                   apr_psprintf(loss->ptemp,
                                ": the certificate of the managed domain %s will not. To use that "
                                "one, add these names to its ACMEManagedDomain, or take "
                                "SSLCertificateFile out",
                                domain_text(loss, left->domain)));
    else
        mistake_add(loss->site->notices, vhosts_where(loss->ptemp, s),
                    "this %s keeps its SSLCertificateFile: only a pattern or its IP address meets "
                    "the managed domain %s. To use the certificate of that one, take "
                    "SSLCertificateFile out",
                    vhosts_label(loss->ptemp, s), domain_text(loss, left->domain));
}

/* ---- those that do not ----------------------------------------------------------------------------- */

/* A pattern is no name; "*.example.edu" is one. */
static int is_pattern(const char *name)
{
    return strpbrk(name, "*?") != NULL;
}

/* Names that a certificate cannot have are told with the reason, once. */
static void tell_unusable(const loss_t *loss, const site_vhost_t *vhost, const char *name,
                          const char *why)
{
    if (!is_pattern(name) && !name_is_among(vhost->domain->left_out, name))
        mistake_add(loss->site->notices, vhosts_where(loss->ptemp, vhost->server),
                    "this %s uses the certificate of the managed domain %s, which cannot have "
                    "'%s': it %s",
                    vhosts_label(loss->ptemp, vhost->server), domain_text(loss, vhost->domain),
                    ap_escape_logitem(loss->ptemp, name), why);
}

/* Divide the names of a virtual host that its certificate will not have.
 * @param others  array for those that another managed domain has; *pother is the last of those */
static void collect_missing(const loss_t *loss, const site_vhost_t *vhost,
                            apr_array_header_t *missing, apr_array_header_t *others,
                            const site_domain_t **pother)
{
    const server_rec *s = vhost->server;
    const apr_array_header_t *names =
        vhosts_names(loss->ptemp, s, tree_vhost(loss->site->tree, s)->server_name);
    int i = 0;

    for (i = 0; i < names->nelts; ++i) {
        const char *word = APR_ARRAY_IDX(names, i, const char *), *why = NULL;
        const char *name = value_managed_name(loss->ptemp, word, &why);
        const site_domain_t *other = NULL;

        if (name == NULL)
            tell_unusable(loss, vhost, word, why);
        else if (name_matches_any(vhost->domain->names, name))
            continue;
        else if ((other = site_other_owner(loss->site, vhost->domain, name, loss->ptemp)) != NULL) {
            APR_ARRAY_PUSH(others, const char *) = name;
            *pother = other;
        }
        else
            APR_ARRAY_PUSH(missing, const char *) = name;
    }
}

/* A server has one certificate for all of its names. */
static void tell_missing(const loss_t *loss, const site_vhost_t *vhost)
{
    apr_array_header_t *missing = apr_array_make(loss->ptemp, 4, sizeof(const char *));
    apr_array_header_t *others = apr_array_make(loss->ptemp, 4, sizeof(const char *));
    const site_domain_t *other = NULL;

    collect_missing(loss, vhost, missing, others, &other);
    tell_names(loss, vhost->server, missing, "has names that its certificate will not have:",
               apr_psprintf(loss->ptemp,
                            "; browsers will warn of them. Add them to the managed domain %s, or "
                            "take them out",
                            domain_text(loss, vhost->domain)));
    if (other != NULL)
        tell_names(loss, vhost->server, others,
                   "has names of two managed domains, and for these browsers will warn:",
                   apr_psprintf(loss->ptemp,
                                "; they belong to %s, and it uses the certificate of %s. Put all "
                                "of them into one ACMEManagedDomain",
                                domain_text(loss, other), domain_text(loss, vhost->domain)));
}

/* Names that reach it without being its own. */
static apr_array_header_t *lost_beside(const loss_t *loss, const site_vhost_t *vhost,
                                       int is_reached)
{
    const apr_array_header_t *names = vhost->own->names;
    apr_array_header_t *lost = own_lost(loss->ptemp, vhost->own, names, vhost->domain->names);
    apr_array_header_t *kept = apr_array_make(loss->ptemp, 4, sizeof(const char *));
    const apr_array_header_t *proper = vhosts_names(loss->ptemp, vhost->server, 1);
    int i = 0;

    for (i = 0; i < lost->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(lost, i, const char *);

        if (name_is_among(vhost->names, name) == is_reached && !name_is_among(proper, name))
            APR_ARRAY_PUSH(kept, const char *) = name;
    }
    return kept;
}

static int has_rsa(const site_domain_t *domain)
{
    int i = 0;

    for (i = 0; i < domain->certificates->nelts; ++i) {
        const plan_certificate_t *planned =
            APR_ARRAY_IDX(domain->certificates, i, const plan_certificate_t *);

        if (strcmp(value_key_algorithm(planned->key_type), "RSA") == 0)
            return 1;
    }
    return 0;
}

/* What a certificate of its own gave it beside its names. */
static void tell_replaced(const loss_t *loss, const site_vhost_t *vhost)
{
    const server_rec *s = vhost->server;
    const char *after = NULL;

    if (!own_is_real(vhost->own, vhost->names))
        return;
    after = apr_psprintf(loss->ptemp,
                         "; the certificate of the managed domain %s, which takes its place, will "
                         "not have them",
                         domain_text(loss, vhost->domain));
    tell_names(loss, s, lost_beside(loss, vhost, 1),
               "catches names by a pattern that its SSLCertificateFile covers:", after);
    if (vhosts_is_default(s))
        tell_names(loss, s, lost_beside(loss, vhost, 0),
                   "is the first at its address, and clients that name no server in TLS, or none "
                   "that there is, get its certificate; its SSLCertificateFile also covers",
                   after);
    if (vhost->own->has_rsa && !has_rsa(vhost->domain))
        mistake_add(
            loss->site->notices, vhosts_where(loss->ptemp, s),
            "this %s has an RSA key in its SSLCertificateFile, and the certificate of the "
            "managed domain %s, which takes its place, will have none; for clients that know "
            "nothing but RSA add rsa2048 to ACMEKeyType",
            vhosts_label(loss->ptemp, s), domain_text(loss, vhost->domain));
}

/* ---- the whole --------------------------------------------------------------------------------------- */

void loss_tell(const site_t *site, apr_pool_t *ptemp)
{
    const loss_t loss = { site, ptemp };
    int i = 0;

    for (i = 0; i < site->left->nelts; ++i)
        tell_left(&loss, APR_ARRAY_IDX(site->left, i, const site_left_t *));
    for (i = 0; i < site->vhosts->nelts; ++i) {
        const site_vhost_t *vhost = APR_ARRAY_IDX(site->vhosts, i, const site_vhost_t *);

        if (!tree_vhost(site->tree, vhost->server)->ssl_engine)
            continue;
        tell_missing(&loss, vhost);
        tell_replaced(&loss, vhost);
    }
}

int loss_is_left(const site_t *site, const site_domain_t *domain)
{
    int i = 0;

    for (i = 0; i < domain->met->nelts; ++i) {
        const server_rec *s = APR_ARRAY_IDX(domain->met, i, const server_rec *);
        const site_left_t *left = site_left(site, s);

        if (left != NULL
            && (left->domain == domain
                || (left->why != SITE_LEFT_PATTERN
                    && vhosts_match(s, domain->names) >= VHOSTS_ALIAS)))
            return 1;
    }
    return 0;
}
