/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/ssl.h"

#include <http_config.h>
#include <http_core.h>
#include <http_main.h>
#include <http_log.h>
#include <apr_strings.h>

#include "base/file.h"
#include "base/name.h"
#include "httpd/fallback.h"
#include "httpd/heldkey.h"
#include "httpd/site.h"
#include "httpd/value.h"
#include "httpd/vhosts.h"
#include "store/catalogue.h"
#include "store/generation.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;
APLOG_USE_MODULE(acme_eab);

/* With several chains: those of names that each of them covers. */
static void note_names(const site_t *site, const site_choice_t *choice,
                       const apr_array_header_t *names)
{
    apr_array_header_t *covered = choice->chain_names;
    const apr_array_header_t *before = apr_array_copy(site->pool, covered);
    int i = 0, is_first = choice->chain_paths->nelts == 1;

    apr_array_clear(covered);
    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (is_first || name_matches_any(before, name))
            APR_ARRAY_PUSH(covered, const char *) = apr_pstrdup(site->pool, name);
    }
}

static void use(const site_t *site, const site_choice_t *choice, const generation_t *generation)
{
    APR_ARRAY_PUSH(choice->chain_paths, const char *) =
        apr_pstrdup(site->pool, generation->chain_path);
    APR_ARRAY_PUSH(choice->key_paths, const char *) = apr_pstrdup(site->pool, generation->key_path);
    note_names(site, choice, generation->facts->names);
}

/* The first of httpd's two passes says nothing: the second will. */
static int is_real_pass(void)
{
    return ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG;
}

static int is_of_algorithm(const generation_t *generation, const char *algorithm)
{
    return strcmp(value_key_algorithm(generation->facts->key_type), algorithm) == 0;
}

/* After the first name or the key types of a managed domain were changed, its certificates still lie
 * in their old places: better than none, until the new ones are there. One that covers all names is
 * preferred.
 * @param algorithm  one is missing beside another that is served: only one that covers all names
 *                   takes its place; NULL: there is nothing at all */
static void borrow(site_t *site, const site_domain_t *domain, site_choice_t *choice,
                   const char *algorithm, apr_pool_t *ptemp)
{
    const store_t *store = site_store(site, ptemp);
    apr_array_header_t *stored = catalogue_find(site_catalogue(site), domain->names, ptemp);
    struct stat live;
    eab_result_t *result = eab_result_make(ptemp);
    generation_t *best = NULL;
    int i = 0, whole = 0;

    for (i = 0; i < stored->nelts && !whole; ++i) {
        const char *name = APR_ARRAY_IDX(stored, i, const char *);
        generation_t *generation = NULL;

        if (file_look(&live, store_path(ptemp, store, "live", name, NULL)) != APR_SUCCESS
            || generation_find_for(&generation, store, name, domain->names, choice->terms,
                                   apr_time_now(), result, ptemp)
                   != APR_SUCCESS
            || (algorithm != NULL && !is_of_algorithm(generation, algorithm)))
            continue;
        whole = name_covers_all(generation->facts->names, domain->names);
        if (whole || (best == NULL && algorithm == NULL))
            best = generation;
    }
    if (best == NULL)
        return;
    use(site, choice, best);
    choice->foreign = 1;
}

/* Where all was killed between a new certificate and its link, nothing is wrong. */
static void report(const site_t *site, const store_t *store, const plan_certificate_t *planned,
                   const generation_t *generation, const eab_result_t *why, apr_pool_t *ptemp)
{
    const char *name = APR_ARRAY_IDX(planned->names, 0, const char *);
    const char *detail = why->detail != NULL ? why->detail : "it cannot be read";

    if (!is_real_pass())
        return;
    if (generation != NULL && !generation_has_link(store, planned->id, ptemp))
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, site->main,
                     "the store has no link to the current certificate of %s; its newest, "
                     "generation %s, is used, and the keeper makes the link",
                     name, generation->number);
    else if (generation != NULL)
        ap_log_error(
            APLOG_MARK, APLOG_ERR, 0, site->main,
            "the current certificate of %s is not usable, generation %s is used instead: %s", name,
            generation->number, detail);
    else
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, site->main,
                     "no stored certificate of %s is usable, a new one will be ordered: %s", name,
                     detail);
}

static void note_loaded(const site_t *site, plan_certificate_t *planned,
                        const generation_t *generation)
{
    planned->loaded = apr_pstrdup(site->pool, generation->number);
    planned->loaded_fingerprint = apr_pstrdup(site->pool, generation->facts->fingerprint);
}

/* The certificate is fine, and the terms of these virtual hosts refuse it: mod_ssl would end httpd with
 * it. Told once for each pass, and in the status. */
static void refuse_terms(const site_t *site, plan_certificate_t *planned, const server_rec *server,
                         const generation_t *instead, const eab_result_t *why)
{
    if (planned->unusable == NULL)
        planned->unusable =
            apr_psprintf(site->pool, "%s cannot use it: %s", vhosts_label(site->pool, server),
                         why->detail != NULL ? why->detail : "OpenSSL gives no reason");
    if (is_real_pass())
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                     "the current certificate of %s is not used in %s, %s: %s",
                     APR_ARRAY_IDX(planned->names, 0, const char *),
                     vhosts_label(site->pool, server),
                     instead != NULL ? apr_pstrcat(site->pool, "generation ", instead->number,
                                                   " is used instead", NULL)
                                     : "nor is another one",
                     why->detail);
}

/* What was served before serves on, until there is an OCSP response. */
static generation_t *hold(const site_t *site, plan_certificate_t *planned, generation_t *before)
{
    if (before != NULL)
        note_loaded(site, planned, before);
    if (is_real_pass())
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, 0, site->main,
            "the newest certificate of %s has must-staple and is not served before there is "
            "an OCSP response for it; until then %s",
            APR_ARRAY_IDX(planned->names, 0, const char *),
            before != NULL ? apr_pstrcat(site->pool, "generation ", before->number, " is", NULL)
                           : "there is none");
    return before;
}

/* The best stored certificate of one key type that these terms allow, or NULL. The best of all counts
 * as loaded also when another one is served instead: a restart would not change that. */
static generation_t *find(const site_t *site, plan_certificate_t *planned,
                          const site_choice_t *choice, const server_rec *server, apr_pool_t *ptemp)
{
    generation_t *generation = NULL, *allowed = NULL;
    eab_result_t *result = eab_result_make(ptemp), *refusal = eab_result_make(ptemp);
    const store_t *store = site_store(site, ptemp);
    apr_status_t rv = generation_find_for(&allowed, store, planned->id, planned->names,
                                          choice->terms, apr_time_now(), refusal, ptemp);

    if (rv == APR_SUCCESS && refusal->rv == APR_SUCCESS) { /* the live one: there is none better */
        note_loaded(site, planned, allowed);
        return allowed;
    }
    if (eab_result_is(refusal, EAB_PROBLEM_STAPLING))
        return hold(site, planned, allowed);
    rv = generation_find(&generation, store, planned->id, planned->names, apr_time_now(), result,
                         ptemp);
    if (generation != NULL)
        note_loaded(site, planned, generation);
    if (generation == NULL && allowed != NULL)
        note_loaded(site, planned, allowed);
    else if (generation != NULL
             && (allowed == NULL || strcmp(allowed->number, generation->number) != 0))
        refuse_terms(site, planned, server, allowed, refusal);
    else if (result->rv != APR_SUCCESS && !APR_STATUS_IS_ENOENT(rv))
        report(site, store, planned, generation, result, ptemp);
    return allowed;
}

/* OpenSSL holds one certificate of each algorithm; a second one would push out the first. After a
 * change of ACMEKeyType the places of a domain may hold two: that of the planned type is used.
 * @param pplanned  set when the domain shall have this algorithm */
static const generation_t *choose(const site_domain_t *domain, const char *algorithm,
                                  generation_t *const *found, int *pplanned)
{
    const generation_t *best = NULL;
    int i = 0;

    *pplanned = 0;
    for (i = 0; i < domain->certificates->nelts; ++i) {
        const plan_certificate_t *planned =
            APR_ARRAY_IDX(domain->certificates, i, const plan_certificate_t *);
        int is_planned = strcmp(value_key_algorithm(planned->key_type), algorithm) == 0;

        *pplanned |= is_planned;
        if (found[i] != NULL && is_of_algorithm(found[i], algorithm)
            && (best == NULL || is_planned))
            best = found[i];
    }
    return best;
}

/* It is stapled whether the virtual host wants it or not: without, it would be no good there. */
static void note_stapled(const site_t *site, int index, const generation_t *generation)
{
    site_stapled_t *stapled = apr_array_push(site->stapled);

    stapled->index = index;
    stapled->generation = generation_copy(site->pool, generation);
}

static void decide(site_t *site, const site_domain_t *domain, site_choice_t *choice,
                   const server_rec *server)
{
    static const char *const algorithms[] = { "RSA", "EC" };
    int count = domain->certificates->nelts, planned[2] = { 0, 0 }, i = 0;
    const generation_t *chosen[2] = { NULL, NULL };
    generation_t **found = NULL;
    apr_pool_t *ptemp = NULL;

    if (apr_pool_create(&ptemp, site->pool) != APR_SUCCESS)
        return;
    found = apr_pcalloc(ptemp, (apr_size_t)count * sizeof(*found));
    for (i = 0; i < count; ++i) {
        found[i] = find(site, APR_ARRAY_IDX(domain->certificates, i, plan_certificate_t *), choice,
                        server, ptemp);
        if (found[i] != NULL && found[i]->facts->must_staple)
            note_stapled(site, domain->slot + i, found[i]);
    }
    for (i = 0; i < 2; ++i) {
        chosen[i] = choose(domain, algorithms[i], found, &planned[i]);
        if (chosen[i] != NULL)
            use(site, choice, chosen[i]);
        choice->foreign |= chosen[i] != NULL && !planned[i];
    }
    for (i = 0; i < 2 && choice->chain_paths->nelts > 0; ++i) {
        if (chosen[i] == NULL && planned[i])
            borrow(site, domain, choice, algorithms[i], ptemp);
    }
    if (choice->chain_paths->nelts == 0)
        borrow(site, domain, choice, NULL, ptemp);
    apr_pool_destroy(ptemp);
}

static const terms_t *terms_of(const site_t *site, const server_rec *server)
{
    const terms_t *terms = tree_vhost(site->tree, server)->terms;

    return terms != NULL ? terms : terms_make(site->pool);
}

/* Virtual hosts with the same terms get the same paths: SSLVHostSNIPolicy compares them. */
static site_choice_t *choice_of(site_t *site, const site_domain_t *domain, const server_rec *server)
{
    const terms_t *terms = terms_of(site, server);
    site_choice_t *choice = NULL;
    int i = 0;

    for (i = 0; i < domain->choices->nelts; ++i) {
        choice = APR_ARRAY_IDX(domain->choices, i, site_choice_t *);
        if (terms_equal(choice->terms, terms))
            return choice;
    }
    choice = apr_pcalloc(site->pool, sizeof(*choice));
    choice->terms = terms;
    choice->chain_paths = apr_array_make(site->pool, 2, sizeof(const char *));
    choice->key_paths = apr_array_make(site->pool, 2, sizeof(const char *));
    choice->chain_names = apr_array_make(site->pool, 4, sizeof(const char *));
    APR_ARRAY_PUSH(domain->choices, site_choice_t *) = choice;
    decide(site, domain, choice, server);
    return choice;
}

static site_vhost_t *vhost_of(const server_rec *s)
{
    const site_t *site = config_site(ap_server_conf);

    return site != NULL && site->enabled ? site_vhost(site, s) : NULL;
}

static void mark(const site_domain_t *domain, int fallback)
{
    int i = 0;

    for (i = 0; i < domain->certificates->nelts; ++i) {
        plan_certificate_t *planned = APR_ARRAY_IDX(domain->certificates, i, plan_certificate_t *);

        planned->served = 1;
        planned->fallback |= fallback;
    }
}

static int have_fallback(site_t *site)
{
    if (site->fallback == NULL)
        site->fallback = fallback_make(site->pool);
    return site->fallback != NULL;
}

/* In a rehearsal nobody can say the pass phrase of a key that the running httpd has in memory: a pair
 * of our own takes the place of such a one. */
static void spare_key(site_t *site, const terms_t *terms, apr_pool_t *p,
                      apr_array_header_t *cert_files, apr_array_header_t *key_files, int i)
{
    const char *type = terms_choose_type(terms, fallback_types);
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));
    const char *chain_path = NULL, *key_path = NULL;

    APR_ARRAY_PUSH(names, const char *) = "localhost";
    while (key_files->nelts <= i)
        APR_ARRAY_PUSH(key_files, const char *) =
            APR_ARRAY_IDX(cert_files, key_files->nelts - 1, const char *);
    if (have_fallback(site)
        && fallback_certificate(site->fallback, type != NULL ? type : fallback_types[0], names,
                                &chain_path, &key_path)
               == APR_SUCCESS) {
        APR_ARRAY_IDX(cert_files, i, const char *) = chain_path;
        APR_ARRAY_IDX(key_files, i, const char *) = key_path;
    }
}

/* The virtual host is served with files of its own. A key may stand in the file of its certificate.
 * @return DECLINED, for the hook */
static int leave_own(const server_rec *s, apr_pool_t *p, apr_array_header_t *cert_files,
                     apr_array_header_t *key_files)
{
    site_t *site = config_site(ap_server_conf);
    int i = 0;

    for (i = 0; site != NULL && site->enabled && i < cert_files->nelts; ++i) {
        const char *cert_path = APR_ARRAY_IDX(cert_files, i, const char *);
        const char *key_path =
            i < key_files->nelts ? APR_ARRAY_IDX(key_files, i, const char *) : cert_path;

        if (heldkey_is_held(s, i, cert_path, key_path, p)) {
            const terms_t *terms = terms_of(site, s);

            /* If not, mod_ssl shall say why. */
            if (terms_take_chain(terms, cert_path))
                spare_key(site, terms, p, cert_files, key_files, i);
        }
        else
            heldkey_note(site->held_keys, s, i, cert_path, key_path);
    }
    return DECLINED;
}

/* The certificate in the store may have fewer names than are configured: others were refused, or it is
 * from before a change. */
static int keeps_own(const server_rec *s, const site_vhost_t *vhost, const site_choice_t *choice,
                     apr_pool_t *p)
{
    const site_domain_t *domain = vhost->domain;

    if (!own_stays(vhost->own, vhost->names, choice->chain_names))
        return 0;
    if (is_real_pass())
        ap_log_error(
            APLOG_MARK, APLOG_NOTICE, 0, s,
            "%s keeps its SSLCertificateFile, since the certificate of '%s' in the store does not "
            "have %s",
            vhosts_label(p, s), APR_ARRAY_IDX(domain->names, 0, const char *),
            apr_array_pstrcat(p, own_lost(p, vhost->own, vhost->names, choice->chain_names), ' '));
    return 1;
}

/* Of a type that works on these terms: 503 can only be said to who gets through a handshake. */
static apr_status_t make_fallback(site_t *site, const site_domain_t *domain, site_choice_t *choice)
{
    const char *type = terms_choose_type(choice->terms, fallback_types);

    if (!have_fallback(site))
        return APR_EGENERAL;
    return fallback_certificate(site->fallback, type != NULL ? type : fallback_types[0],
                                domain->names, &choice->fallback_path, &choice->fallback_key_path);
}

/* @return 0 when there is none, which is logged */
static int add_fallback(site_t *site, const server_rec *s, const site_domain_t *domain,
                        site_choice_t *choice, apr_array_header_t *cert_files,
                        apr_array_header_t *key_files)
{
    apr_status_t rv =
        choice->fallback_path == NULL ? make_fallback(site, domain, choice) : APR_SUCCESS;

    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, s,
                     "the temporary certificate of %s cannot be made; check that /proc is mounted "
                     "or /tmp is writable",
                     APR_ARRAY_IDX(domain->names, 0, const char *));
        return 0;
    }
    APR_ARRAY_PUSH(cert_files, const char *) = choice->fallback_path;
    APR_ARRAY_PUSH(key_files, const char *) = choice->fallback_key_path;
    mark(domain, 1);
    return 1;
}

/* mod_ssl shall take it for one that is good for requests, or would refuse them until the next restart:
 * httpd/live.h refuses them. */
static int add_placeholder(site_t *site, site_vhost_t *vhost, site_choice_t *choice,
                           apr_array_header_t *cert_files, apr_array_header_t *key_files)
{
    vhost->state = "fallback";
    if (!add_fallback(site, vhost->server, vhost->domain, choice, cert_files, key_files))
        return DECLINED;
    vhost->foreign = 1;
    vhost->placeholder = 1;
    return OK;
}

int ssl_add_files(server_rec *s, apr_pool_t *p, apr_array_header_t *cert_files,
                  apr_array_header_t *key_files)
{
    site_vhost_t *vhost = vhost_of(s);
    site_domain_t *domain = vhost != NULL ? vhost->domain : NULL;
    site_t *site = config_site(ap_server_conf);
    site_choice_t *choice = NULL;
    int copies = 1;

    if (domain == NULL)
        return leave_own(s, p, cert_files, key_files);
    mark(domain, 0);
    choice = choice_of(site, domain, s);
    if (choice->chain_paths->nelts > 0 && cert_files->nelts > 0 && keeps_own(s, vhost, choice, p)) {
        vhost->state = "own";
        vhost->foreign = 1;
        return leave_own(s, p, cert_files, key_files);
    }
    if (choice->chain_paths->nelts == 0 && cert_files->nelts == 0 && site_is_live(site))
        return add_placeholder(site, vhost, choice, cert_files, key_files);
    if (choice->chain_paths->nelts == 0) {
        vhost->state = cert_files->nelts > 0 ? "own" : "fallback";
        vhost->foreign = 1;
        return leave_own(s, p, cert_files, key_files);
    }
    vhost->foreign = choice->foreign;
    /* mod_ssl drops the administrator's SSLCertificateChainFile, which would take the place of our
     * chain, only when there are more files after this hook than before it. */
    if (vhost->extra_copies)
        copies += cert_files->nelts;
    apr_array_clear(cert_files);
    apr_array_clear(key_files);
    for (; copies > 0; --copies) {
        apr_array_cat(cert_files, choice->chain_paths);
        apr_array_cat(key_files, choice->key_paths);
    }
    vhost->state = "valid";
    return OK;
}

int ssl_add_fallback(server_rec *s, apr_pool_t *p, apr_array_header_t *cert_files,
                     apr_array_header_t *key_files)
{
    site_vhost_t *vhost = vhost_of(s);
    site_domain_t *domain = vhost != NULL ? vhost->domain : NULL;
    site_t *site = config_site(ap_server_conf);
    site_choice_t *choice = NULL;

    (void)p;
    if (domain == NULL)
        return DECLINED;
    choice = choice_of(site, domain, s);
    if (!add_fallback(site, s, domain, choice, cert_files, key_files))
        return DECLINED;
    vhost->state = "fallback";
    return OK;
}
