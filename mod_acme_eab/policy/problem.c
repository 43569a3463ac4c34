/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/problem.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"

#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))
#define NAMES_SHOWN 5      /* of those that a refusal is about */
#define CONFIGURED_SHOWN 3 /* when it does not say */

/* clang-format off */
static const problem_row_t rows[] = {
    /* RFC 8555, 6.7 */
    { ACME_ERROR "accountDoesNotExist", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA at %h does not know this server's account any more; a new one has to be registered, "
      "so get new EAB credentials from the CA and put them into ACMEEABKid and ACMEEABKey." },
    { ACME_ERROR "alreadyRevoked", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The certificate was revoked before, so there is nothing left to do." },
    { ACME_ERROR "badCSR", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA refuses the certificate request for %n; its words name the cause, and ACMEKeyType "
      "(kind and size of the key) and ACMECommonName (whether the subject holds a name) change "
      "what is requested." },
    { ACME_ERROR "badNonce", PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "The CA asked to repeat a request, which happens now and then and needs no action." },
    { ACME_ERROR "badPublicKey", PROBLEM_AT_ACCOUNT, RETRY_CONFIGURATION,
      "The CA refuses the account key, a P-256 key made by this server; ask the CA at %h which "
      "account keys it takes." },
    { ACME_ERROR "badPublicKey", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA refuses the certificate's key; choose a kind and size that it takes with "
      "ACMEKeyType, such as rsa2048 or p256." },
    { ACME_ERROR "badRevocationReason", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA does not take this reason for a revocation; give another one or none." },
    { ACME_ERROR "badSignatureAlgorithm", PROBLEM_AT_ACCOUNT, RETRY_CONFIGURATION,
      "The CA does not take the algorithm of a signature; if its documentation names an algorithm "
      "for External Account Binding, set it with ACMEEABAlg, as account keys always sign with "
      "ES256." },
    { ACME_ERROR "badSignatureAlgorithm", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA does not take signatures with ES256, which every ACME server has to support; check "
      "that ACMEServer is the right address and tell the CA." },
    { ACME_ERROR "caa", PROBLEM_ANYWHERE, RETRY_VALIDATION,
      "A CAA record in the DNS of %n or of a domain above it does not allow this CA; add an "
      "\"issue\" entry (for wildcards: \"issuewild\") for it or remove the record." },
    { ACME_ERROR "compound", PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "The CA reports several problems at once; the cause for each name (%n) is listed with it." },
    { ACME_ERROR "connection", PROBLEM_ANYWHERE, RETRY_VALIDATION,
      "The CA could not connect to %n: check that a firewall lets port 80 in from everywhere (CAs "
      "connect from several networks), that the DNS records of the name point to this server, and "
      "that an IPv6 address in them works too." },
    { ACME_ERROR "dns", PROBLEM_ANYWHERE, RETRY_VALIDATION,
      "The CA could not look up %n in the DNS; check that the name exists for the whole internet, "
      "that its name servers answer, and that its DNSSEC signatures are valid." },
    { ACME_ERROR "externalAccountRequired", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA at %h registers accounts only with External Account Binding: set ACMEEABKid and "
      "ACMEEABKey to the credentials it gave you, and if they are set, add an e-mail address with "
      "ACMEContact, since some CAs say this when it is missing." },
    { ACME_ERROR "incorrectResponse", PROBLEM_ANYWHERE, RETRY_VALIDATION,
      "The CA reached %n and got a wrong answer; another server, a proxy or an old DNS record "
      "answers for /.well-known/acme-challenge/ instead of this server." },
    { ACME_ERROR "invalidContact", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA refuses the contact address; correct the e-mail address in ACMEContact (or in "
      "ServerAdmin, which is used without it)." },
    { ACME_ERROR "malformed", PROBLEM_AT_ACCOUNT, RETRY_CONFIGURATION,
      "The CA does not take the registration; if it says \"not awaiting external account "
      "binding\", the EAB credentials have been used already, so create new ones at the CA and "
      "put them into ACMEEABKid and ACMEEABKey." },
    { ACME_ERROR "malformed", PROBLEM_AT_CHALLENGE, RETRY_VALIDATION,
      "The CA could not use what it found for %n; its words name the cause." },
    { ACME_ERROR "malformed", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA does not take the request; check the names of the certificate (%n) for typing errors "
      "and for more names than the CA puts on one certificate." },
    { ACME_ERROR "orderNotReady", PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "The CA was not yet ready to issue; its state is looked at again and nothing has to be "
      "done." },
    { ACME_ERROR "rateLimited", PROBLEM_ANYWHERE, RETRY_LIMITED,
      "A limit of the CA is reached; it is tried again when the CA allows, and a link in its words "
      "leads to the rule." },
    { ACME_ERROR "rejectedIdentifier", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA does not issue for %n with this account; have the name approved at the CA or remove "
      "it from ACMEManagedDomain." },
    { ACME_ERROR "serverInternal", PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "The CA at %h has an error of its own; it is tried again by itself." },
    { ACME_ERROR "tls", PROBLEM_ANYWHERE, RETRY_VALIDATION,
      "The CA got a TLS error from %n; check that this server, and no proxy before it, answers on "
      "port 443, and that a redirect of port 80 does not lead to a server with broken TLS." },
    { ACME_ERROR "unauthorized", PROBLEM_AT_ACCOUNT, RETRY_CONFIGURATION,
      "The EAB key id (ACMEEABKid) or the HMAC key (ACMEEABKey) is wrong, has expired or was used "
      "before; compare both with what the CA gave you, or create new ones there." },
    { ACME_ERROR "unauthorized", PROBLEM_AT_ORDER, RETRY_VALIDATION,
      "The CA does not let this account have a certificate for %n: either the names are not "
      "(or not yet) delegated to the EAB credentials in ACMEEABKid, or the account was deactivated "
      "at the CA." },
    { ACME_ERROR "unauthorized", PROBLEM_AT_CHALLENGE, RETRY_VALIDATION,
      "The CA fetched a wrong answer from %n; check that its DNS records, also for IPv6, lead to "
      "this server and that no proxy or other server answers for /.well-known/acme-challenge/." },
    { ACME_ERROR "unauthorized", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA at %h does not allow this to the account; check at the CA whether the account or the "
      "EAB credentials in ACMEEABKid were deactivated." },
    { ACME_ERROR "unsupportedContact", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA takes no contact of this kind; put a plain e-mail address into ACMEContact." },
    { ACME_ERROR "unsupportedIdentifier", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA does not issue for names of this kind (%n); remove the name from "
      "ACMEManagedDomain." },
    { ACME_ERROR "userActionRequired", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA wants a person to act, mostly to accept new terms of service: open the address that "
      "it names, do what it asks, and reload httpd." },

    /* RFC 9773, the profiles draft, and types of other extensions */
    { ACME_ERROR "alreadyReplaced", PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "The CA has replaced this certificate by another order already; it is ordered again without "
      "that mark and nothing has to be done." },
    { ACME_ERROR "invalidProfile", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA at %h does not offer the profile that ACMEProfile names, or not for %n; choose one "
      "of those it offers, or leave it out." },
    { ACME_ERROR "autoRenewalCanceled", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA treats this as an automatically renewed (STAR) order, which is never asked for "
      "here; check ACMEServer." },
    { ACME_ERROR "autoRenewalExpired", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA treats this as an automatically renewed (STAR) order, which is never asked for "
      "here; check ACMEServer." },
    { ACME_ERROR "autoRenewalCancellationInvalid", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA treats this as an automatically renewed (STAR) order, which is never asked for "
      "here; check ACMEServer." },
    { ACME_ERROR "autoRenewalRevocationNotSupported", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA does not revoke automatically renewed (STAR) certificates; end the renewal at the "
      "CA." },
    { ACME_ERROR "unknownDelegation", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA looks for a delegation (RFC 9115), which is never asked for here; check "
      "ACMEServer." },
    { ACME_ERROR "onionCAARequired", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "For .onion names such as %n this CA wants the CAA policy within the order, which is not "
      "supported; remove the name or use another CA." },
    { ACME_ERROR "badAttestationStatement", PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA wants proof of the device that holds the key, which is not supported; use another "
      "product or address (ACMEServer) of the CA." },
    { ACME_ERROR "conflict", PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "The CA is still busy with an earlier request about the same thing; it is tried again by "
      "itself." },

    /* What we find ourselves (base/result.h) */
    { EAB_PROBLEM_CA_UNREACHABLE, PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "This server cannot reach the CA at %h: check the DNS, and that the firewall lets outgoing "
      "connections to port 443 pass, or set ACMEProxy." },
    { EAB_PROBLEM_CA_UNTRUSTED, PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The certificate that %h shows is not trusted: check this server's clock and whether a proxy "
      "intercepts TLS; for a CA with a private root set ACMECACertificateFile." },
    { EAB_PROBLEM_PROXY_UNTRUSTED, PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The proxy in ACMEProxy shows a certificate that is not trusted: make its issuer known to this "
      "machine, or add it to the file in ACMECACertificateFile, and reload httpd." },
    { EAB_PROBLEM_CA_ANSWER, PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "%h did not answer as an ACME server does; check that ACMEServer is the CA's directory "
      "address, letter by letter, and that no proxy changes the answers." },
    { EAB_PROBLEM_NONCE_LOOP, PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "The CA at %h refuses the nonces that it hands out; a proxy or cache may be in between, and "
      "ACMEProxy can lead around it." },
    { EAB_PROBLEM_TERMS, PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA at %h has terms of service: read them and, if you agree, set \"ACMETermsOfService "
      "accepted\"." },
    { EAB_PROBLEM_EAB_MISSING, PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA at %h registers accounts only with External Account Binding; get a key id and an "
      "HMAC key from it and set ACMEEABKid and ACMEEABKey." },
    { EAB_PROBLEM_EAB_KEY, PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The HMAC key cannot be read from the source in ACMEEABKey; check that it exists, that root "
      "can read it, and that it holds the key exactly as the CA showed it, then reload httpd." },
    { EAB_PROBLEM_EAB_HOST, PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The EAB key is used at the host of ACMEServer and its domain only; ask the CA for the "
      "directory address at the host that registers accounts, and set ACMEServer to it." },
    { EAB_PROBLEM_EAB_USED, PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "The account was lost at %h, and the EAB key is used again for it once a day at most; it is "
      "tried again by itself then, but ask the operator of the CA why it loses accounts." },
    { EAB_PROBLEM_ACCOUNT_STATUS, PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The account was deactivated or revoked at the CA, so no certificate can be ordered with "
      "it; get new EAB credentials and put them into ACMEEABKid and ACMEEABKey." },
    { EAB_PROBLEM_NO_CHALLENGE, PROBLEM_ANYWHERE, RETRY_VALIDATION,
      "The CA wants %n to be validated in a way that is not allowed here: set \"ACMEChallenge "
      "http-01\" if the CA can reach port 80 of the name, or have the name validated in advance "
      "at the CA." },
    { EAB_PROBLEM_LAPSED, PROBLEM_ANYWHERE, RETRY_VALIDATION,
      "The validation of %n has lapsed at the CA: it issued for this name before and now asks for "
      "proof again; have the name validated there again, or allow one of the challenges that it "
      "offers with ACMEChallenge." },
    { EAB_PROBLEM_TOKEN, PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "The challenge from %h for %n is not a valid one and was not answered; check ACMEServer, and "
      "tell the CA if it stays so." },
    { EAB_PROBLEM_VALIDATION, PROBLEM_ANYWHERE, RETRY_VALIDATION,
      "The CA could not validate %n and gave no reason: check that port 80 of the name can be "
      "reached from the internet and leads to this server." },
    { EAB_PROBLEM_ORDER_INVALID, PROBLEM_ANYWHERE, RETRY_VALIDATION,
      "The CA gave the order up without a reason; check at the CA whether its names (%n) are "
      "delegated and validated, and whether the order waited for an approval." },
    { EAB_PROBLEM_ORDER_CHANGED, PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA changed the names of the order; check at the CA which names the account may have, "
      "and make ACMEManagedDomain the same." },
    { EAB_PROBLEM_ORDER_LOST, PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "The order can lead to no certificate any more, since the CA has lost or changed it or it has "
      "expired; a new one is placed by itself." },
    { EAB_PROBLEM_CHAIN, PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The certificate that the CA issued is not what was ordered and was not installed; the old "
      "one stays in use, and the CA has to say why it differs." },
    { EAB_PROBLEM_NAME_DROPPED, PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA left %n out of the certificate that it issued and gave no reason: check there whether "
      "this account may have the name; it is ordered again when the certificate is renewed, or at "
      "once after a change of the configuration." },
    { EAB_PROBLEM_FEWER_NAMES, PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The certificate in use covers more names and is good for a while yet, so one with fewer names "
      "does not take its place; check at the CA why it left names out." },
    { EAB_PROBLEM_PROFILE, PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "Choose a profile in ACMEProfile that the CA at %h offers, or leave out \"required\" to order "
      "without one." },
    { EAB_PROBLEM_ACCOUNT_PENDING, PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "The certificate is ordered as soon as its account is registered; see the problem of the "
      "account." },
    { EAB_PROBLEM_STORE, PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "The directory in ACMEStoreDir cannot be used; check that the disk has room, is not mounted "
      "read-only, and that the directory belongs to root." },
    { EAB_PROBLEM_ANSWER_FILE, PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "The answer to the CA could not be written below ACMERunDir; check that the disk has room "
      "and that the user in ACMEUser may write there." },
    { EAB_PROBLEM_DNS_COMMAND, PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "The program in ACMEDNSCommand did not put the record of %n into the DNS: run it by hand as "
      "root with \"add _acme-challenge.NAME VALUE\" to see why; what it printed is in the error "
      "log." },
    { EAB_PROBLEM_PERSIST, PROBLEM_ANYWHERE, RETRY_VALIDATION,
      "The TXT record by which the CA validates %n (dns-persist-01) is not in the DNS as it has to "
      "be: publish it as it stands here and on the status page, and it is found by itself." },
    { EAB_PROBLEM_UNUSABLE, PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The TLS settings of a virtual host refuse this certificate, and loading it would end httpd, so "
      "it is not used there: choose an ACMEKeyType or ACMEPreferredChain that they allow, or ease the "
      "directive that is named here, and restart httpd." },
    { EAB_PROBLEM_NOT_RUNNING, PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "The program that orders certificates could not be started; mend what is named here, and it is "
      "tried again by itself." },
    { EAB_PROBLEM_INTERNAL, PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "Something went wrong inside mod_acme_eab; the error log says more, and a report of it is "
      "welcome." },

    /* Types that are not known here, and answers without one */
    { PROBLEM_HTTP_BUSY, PROBLEM_ANYWHERE, RETRY_LIMITED,
      "The CA at %h is busy or has had too many requests from here; it is tried again by itself." },
    { PROBLEM_HTTP_BROKEN, PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "The CA at %h is out of order at the moment; it is tried again by itself." },
    { PROBLEM_HTTP_REFUSED, PROBLEM_ANYWHERE, RETRY_CONFIGURATION,
      "The CA refuses the request; its words name the cause, and ACMEServer and the names (%n) are "
      "what to check first." },
    { NULL, PROBLEM_ANYWHERE, RETRY_TRANSIENT,
      "There was no usable answer from the CA at %h; the error log may say more, and it is tried "
      "again by itself." },
};
/* clang-format on */

static const problem_row_t *find_row(const char *type, problem_place_t place)
{
    int i;

    for (i = 0; i < ROWS - 1; ++i) {
        const problem_row_t *row = &rows[i];

        if ((row->place == PROBLEM_ANYWHERE || row->place == place) && strcmp(row->type, type) == 0)
            return row;
    }
    return &rows[ROWS - 1];
}

static const char *type_of_status(int status)
{
    if (status == 429)
        return PROBLEM_HTTP_BUSY;
    if (status == 408 || status >= 500)
        return PROBLEM_HTTP_BROKEN;
    return status != 0 ? PROBLEM_HTTP_REFUSED : "";
}

const problem_row_t *problem_find(const eab_result_t *problem, problem_place_t place)
{
    const problem_row_t *row = find_row(problem->type != NULL ? problem->type : "", place);

    return row->type != NULL ? row : find_row(type_of_status(problem->http_status), place);
}

/* Add a name to a list of at most NAMES_SHOWN, each once. */
static void add_name(apr_array_header_t *names, const char *name)
{
    int i;

    for (i = 0; i < names->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(names, i, const char *), name) == 0)
            return;
    }
    if (names->nelts == NAMES_SHOWN)
        name = "...";
    if (names->nelts <= NAMES_SHOWN)
        APR_ARRAY_PUSH(names, const char *) = name;
}

static const char *join_names(apr_pool_t *p, const apr_array_header_t *names)
{
    const char *text = NULL;
    int i;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        text = text != NULL ? apr_pstrcat(p, text, ", ", name, NULL) : name;
    }
    return text;
}

/* "a.example, b.example, c.example and 4 more" */
static const char *list_configured(apr_pool_t *p, const apr_array_header_t *names)
{
    apr_array_header_t *shown = NULL;
    int i, more;

    if (names == NULL || names->nelts == 0)
        return "the names of the certificate";
    shown = apr_array_make(p, CONFIGURED_SHOWN, sizeof(const char *));
    for (i = 0; i < names->nelts && i < CONFIGURED_SHOWN; ++i)
        APR_ARRAY_PUSH(shown, const char *) = log_escape(p, APR_ARRAY_IDX(names, i, const char *));
    more = names->nelts - shown->nelts;
    return more > 0 ? apr_psprintf(p, "%s and %d more", join_names(p, shown), more)
                    : join_names(p, shown);
}

static const char *name_concerned(apr_pool_t *p, const eab_result_t *problem,
                                  const apr_array_header_t *configured)
{
    apr_array_header_t *names = apr_array_make(p, NAMES_SHOWN + 1, sizeof(const char *));
    size_t i;
    json_t *member;

    if (problem->identifier != NULL)
        return log_escape(p, problem->identifier);
    json_array_foreach(problem->subproblems, i, member)
    {
        const char *name = json_peek_string(json_object_get(member, "identifier"), "value");

        if (name != NULL)
            add_name(names, log_escape(p, name));
    }
    return names->nelts > 0 ? join_names(p, names) : list_configured(p, configured);
}

static const char *advise(apr_pool_t *p, const eab_result_t *problem, problem_place_t place,
                          const char *host, const apr_array_header_t *configured)
{
    const char *text = problem_find(problem, place)->advice;
    const char *advice = "";
    const char *mark;

    for (; (mark = strchr(text, '%')) != NULL; text = mark + 2) {
        const char *value = mark[1] == 'n' ? name_concerned(p, problem, configured) : host;

        advice = apr_pstrcat(p, advice, apr_pstrmemdup(p, text, (apr_size_t)(mark - text)),
                             value != NULL ? value : "ACMEServer", NULL);
    }
    return apr_pstrcat(p, advice, text, NULL);
}

/* The subproblems of that type, if it is the first of them that is asked about; else NULL. */
static json_t *take_type(apr_pool_t *p, const json_t *subproblems, size_t index)
{
    const char *type = json_peek_string(json_array_get(subproblems, index), "type");
    json_t *alike = json_own(p, json_array());
    json_t *member;
    size_t i;

    json_array_foreach(subproblems, i, member)
    {
        const char *other = json_peek_string(member, "type");

        if (other == NULL || type == NULL || strcmp(other, type) != 0)
            continue;
        if (i < index)
            return NULL;
        json_array_append(alike, member);
    }
    return json_array_size(alike) > 0 ? alike : NULL;
}

/* A sentence for each type among the subproblems; "" when they have none. */
static const char *advise_each(apr_pool_t *p, const eab_result_t *problem, problem_place_t place,
                               const char *host, const apr_array_header_t *configured)
{
    const char *advice = "";
    size_t i;

    for (i = 0; i < json_array_size(problem->subproblems); ++i) {
        eab_result_t one = { 0 };

        if ((one.subproblems = take_type(p, problem->subproblems, i)) != NULL) {
            one.type = json_peek_string(json_array_get(one.subproblems, 0), "type");
            advice = apr_pstrcat(p, advice, *advice != '\0' ? " " : "",
                                 advise(p, &one, place, host, configured), NULL);
        }
    }
    return advice;
}

const char *problem_advice(apr_pool_t *p, const eab_result_t *problem, problem_place_t place,
                           const char *host, const apr_array_header_t *configured)
{
    const char *each = "";

    if (eab_result_is_acme(problem, "compound"))
        each = advise_each(p, problem, place, host, configured);
    return *each != '\0' ? each : advise(p, problem, place, host, configured);
}

/* The class of one member of subproblems, which has a type of its own. */
static retry_class_t classify_member(const json_t *member, problem_place_t place)
{
    eab_result_t problem = { 0 };

    problem.type = json_peek_string(member, "type");
    problem.http_status = (int)json_peek_int(member, "status", 0);
    return problem_find(&problem, place)->class;
}

retry_class_t problem_classify(const eab_result_t *problem, problem_place_t place)
{
    retry_class_t class = problem_find(problem, place)->class;
    size_t i;
    json_t *member;

    /* The classes are declared in the order of how little another attempt helps. */
    json_array_foreach(problem->subproblems, i, member)
    {
        retry_class_t other = classify_member(member, place);

        if (other > class)
            class = other;
    }
    return class;
}

const problem_row_t *problem_table(int *pcount)
{
    *pcount = ROWS;
    return rows;
}
