/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/staple.h"

#include <string.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509_vfy.h>

#include "base/bytes.h"

#define SKEW apr_time_from_sec(5 * 60)
#define UNSAID apr_time_from_sec(60 * 60)

/* ---- asking ---- */

/* base64 (RFC 4648, 4) as a segment of a path. */
static const char *encode(apr_pool_t *p, const unsigned char *der, int len)
{
    char *text = apr_palloc(p, (apr_size_t)len * 4 / 3 + 5), *to = NULL;
    const char *at = NULL;
    char *escaped = NULL;

    (void)EVP_EncodeBlock((unsigned char *)text, der, len);
    to = escaped = apr_palloc(p, 3 * strlen(text) + 1);
    for (at = text; *at != '\0'; at++) {
        if (strchr("+/=", *at) == NULL)
            *to++ = *at;
        else
            to += apr_snprintf(to, 4, "%%%02X", (unsigned int)*at);
    }
    *to = '\0';
    return escaped;
}

/* NULL on failure. */
static OCSP_CERTID *id_of(const chain_t *chain)
{
    X509 *issuer = chain_certificate(chain, 1);

    return issuer != NULL ? OCSP_cert_to_id(NULL, chain_certificate(chain, 0), issuer) : NULL;
}

const char *staple_url(apr_pool_t *p, const chain_t *chain, const char *responder)
{
    const char *base = responder != NULL ? responder : chain_facts(chain)->ocsp, *url = NULL;
    OCSP_REQUEST *request = base != NULL ? OCSP_REQUEST_new() : NULL;
    OCSP_CERTID *id = id_of(chain);
    unsigned char *der = NULL;
    int len;

    if (request != NULL && id != NULL && OCSP_request_add0_id(request, id) != NULL) {
        id = NULL; /* the request's */
        if ((len = i2d_OCSP_REQUEST(request, &der)) > 0)
            url = apr_pstrcat(p, base, base[strlen(base) - 1] == '/' ? "" : "/",
                              encode(p, der, len), NULL);
    }
    OPENSSL_free(der);
    OCSP_CERTID_free(id);
    OCSP_REQUEST_free(request);
    ERR_clear_error();
    return url;
}

/* ---- judging ---- */

static apr_status_t refuse(eab_result_t *result, const char *why)
{
    return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STAPLING, "The OCSP response %s.", why);
}

/* NULL unless it is one, whole, with nothing behind it. */
static OCSP_RESPONSE *parse(const void *der, apr_size_t len)
{
    const unsigned char *at = der;
    OCSP_RESPONSE *response = len <= LIMIT_STAPLE ? d2i_OCSP_RESPONSE(NULL, &at, (long)len) : NULL;

    if (response != NULL && at != (const unsigned char *)der + len) {
        OCSP_RESPONSE_free(response);
        response = NULL;
    }
    return response;
}

/* Whom the CA's word may come from: the issuer is what is trusted, whoever stands above it. */
static X509_STORE *trust(X509 *issuer, apr_time_t now)
{
    X509_STORE *store = X509_STORE_new();

    if (store == NULL)
        return NULL;
    if (X509_STORE_add_cert(store, issuer) != 1
        || X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) != 1) {
        X509_STORE_free(store);
        return NULL;
    }
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)apr_time_sec(now));
    return store;
}

static int is_signed(OCSP_BASICRESP *basic, X509 *issuer, apr_time_t now)
{
    STACK_OF(X509) *signers = sk_X509_new_null();
    X509_STORE *store = trust(issuer, now);
    int is = signers != NULL && store != NULL && sk_X509_push(signers, issuer) > 0
             && OCSP_basic_verify(basic, signers, store, OCSP_NOEXPLICIT) == 1;

    sk_X509_free(signers);
    X509_STORE_free(store);
    return is;
}

/* 0 for what is no time. */
static apr_time_t time_of(const ASN1_GENERALIZEDTIME *asn1)
{
    apr_time_exp_t parts = { 0 };
    apr_time_t time = 0;
    struct tm tm;

    if (asn1 == NULL || ASN1_TIME_to_tm(asn1, &tm) != 1)
        return 0;
    parts.tm_year = tm.tm_year;
    parts.tm_mon = tm.tm_mon;
    parts.tm_mday = tm.tm_mday;
    parts.tm_hour = tm.tm_hour;
    parts.tm_min = tm.tm_min;
    parts.tm_sec = tm.tm_sec;
    return apr_time_exp_gmt_get(&time, &parts) == APR_SUCCESS ? time : 0;
}

static apr_status_t read_times(staple_facts_t *facts, const ASN1_GENERALIZEDTIME *from,
                               const ASN1_GENERALIZEDTIME *until, apr_time_t now,
                               eab_result_t *result)
{
    facts->from = time_of(from);
    facts->until = until != NULL ? time_of(until) : facts->from + UNSAID;
    if (facts->from == 0 || facts->until == 0 || facts->until <= facts->from)
        return refuse(result, "has dates that make no sense");
    if (facts->from > now + SKEW)
        return refuse(result, "is from later than now; is the clock of this machine right?");
    if (facts->until > now)
        return APR_SUCCESS;
    (void)refuse(result, "is over");
    return result->rv = APR_TIMEUP;
}

static apr_status_t read_status(staple_facts_t *facts, OCSP_BASICRESP *basic, OCSP_CERTID *id,
                                apr_time_t now, eab_result_t *result)
{
    ASN1_GENERALIZEDTIME *revoked = NULL, *from = NULL, *until = NULL;
    int status = 0, reason = -1;

    if (OCSP_resp_find_status(basic, id, &status, &reason, &revoked, &from, &until) != 1)
        return refuse(result, "is about another certificate");
    if (status == V_OCSP_CERTSTATUS_UNKNOWN)
        return refuse(result, "says that the responder does not know the certificate");
    facts->good = status == V_OCSP_CERTSTATUS_GOOD;
    facts->revoked = facts->good ? 0 : time_of(revoked);
    facts->reason = !facts->good && reason > 0 ? OCSP_crl_reason_str(reason) : NULL;
    return read_times(facts, from, until, now, result);
}

static apr_status_t check_basic(staple_facts_t *facts, const chain_t *chain,
                                OCSP_RESPONSE *response, apr_time_t now, eab_result_t *result)
{
    OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
    OCSP_CERTID *id = id_of(chain);
    apr_status_t rv;

    if (basic == NULL)
        rv = refuse(result, "is of an unknown kind");
    else if (id == NULL)
        rv = refuse(result, "cannot be checked, for the issuer is not in the chain");
    else if (!is_signed(basic, chain_certificate(chain, 1), now))
        rv = refuse(result, "is not signed by the CA that issued the certificate");
    else
        rv = read_status(facts, basic, id, now, result);
    OCSP_CERTID_free(id);
    OCSP_BASICRESP_free(basic);
    return rv;
}

apr_status_t staple_check(staple_facts_t *facts, const chain_t *chain, const void *der,
                          apr_size_t len, apr_time_t now, eab_result_t *result)
{
    OCSP_RESPONSE *response = parse(der, len);
    int status = response != NULL ? OCSP_response_status(response) : 0;
    apr_status_t rv;

    memset(facts, 0, sizeof(*facts));
    if (response == NULL)
        rv = refuse(result, "is none");
    else if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        rv = refuse(result, apr_pstrcat(result->pool, "says '", OCSP_response_status_str(status),
                                        "' and nothing of the certificate", NULL));
    else
        rv = check_basic(facts, chain, response, now, result);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_TIMEUP(rv))
        memset(facts, 0, sizeof(*facts));
    OCSP_RESPONSE_free(response);
    ERR_clear_error();
    return rv;
}
