/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/problem.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"

/* How to try at once when nothing in the configuration has changed: policy/retry.h. */
#define AT_ONCE "; after a restart of httpd it is tried at once, or 10 minutes after the last try."
#define AT_ONCE_SLOW \
    "; after a restart of httpd it is tried at once, or 20 minutes after the last try."

#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))
#define NAMES_SHOWN 5      /* of those that a refusal is about */
#define CONFIGURED_SHOWN 3 /* when it does not say */

/* clang-format off */
static const problem_row_t rows[] = {
    /* RFC 8555, 6.7 */
    { ACME_ERROR "accountDoesNotExist", PROBLEM_ANYWHERE, FACT_EAB, RETRY_CONFIGURATION,
      "The CA at %h does not know this server's account any more; a new one has to be "
      "registered, so get new EAB credentials from the CA and put them into ACMEEABKid and "
      "ACMEEABKey." },
    { ACME_ERROR "accountDoesNotExist", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA at %h does not know this server's account any more, and registering it anew did "
      "not help; check that ACMEServer is the right address, and ask the operator of the CA"
      AT_ONCE },
    { ACME_ERROR "alreadyRevoked", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The certificate was revoked before, so there is nothing left to do." },
    { ACME_ERROR "badCSR", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA refuses the certificate request for %n; its words name the cause, and ACMEKeyType "
      "(kind and size of the key) and ACMECommonName (whether the subject holds a name) change "
      "what is requested." },
    { ACME_ERROR "badNonce", PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The CA asked to repeat a request, which happens now and then and needs no action." },
    { ACME_ERROR "badPublicKey", PROBLEM_AT_ACCOUNT, 0, RETRY_CONFIGURATION,
      "The CA refuses the account key, a P-256 key made by this server; ask the CA at %h which "
      "account keys it takes." },
    { ACME_ERROR "badPublicKey", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA refuses the certificate's key; choose a kind and size that it takes with "
      "ACMEKeyType, such as rsa2048 or p256." },
    { ACME_ERROR "badRevocationReason", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA does not take this reason for a revocation; give another one or none." },
    { ACME_ERROR "badSignatureAlgorithm", PROBLEM_AT_ACCOUNT, FACT_EAB, RETRY_CONFIGURATION,
      "The CA does not take the algorithm of a signature; if its documentation names an "
      "algorithm for External Account Binding, set it with ACMEEABAlg, as account keys always "
      "sign with ES256." },
    { ACME_ERROR "badSignatureAlgorithm", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA does not take signatures with ES256, which every ACME server has to support; check "
      "that ACMEServer is the right address and tell the CA." },
    { ACME_ERROR "caa", PROBLEM_ANYWHERE, 0, RETRY_VALIDATION,
      "A CAA record in the DNS of %n or of a domain above it does not allow this CA; add an "
      "\"issue\" entry (for wildcards: \"issuewild\") for it or remove the record"
      AT_ONCE_SLOW },
    { ACME_ERROR "compound", PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The CA reports several problems at once; the cause for each name (%n) is listed with it." },
    { ACME_ERROR "connection", PROBLEM_ANYWHERE, FACT_DNS, RETRY_VALIDATION,
      "The CA could not look up %r in the DNS: check that the name servers of the domain answer "
      "the whole internet, over UDP and TCP, and that its DNSSEC signatures are valid"
      AT_ONCE_SLOW },
    { ACME_ERROR "connection", PROBLEM_ANYWHERE, FACT_UNRESOLVED, RETRY_VALIDATION,
      "The CA finds no address of %n in the DNS: add A or AAAA records that lead to this server, "
      "or correct the name in ACMEManagedDomain"
      AT_ONCE_SLOW },
    { ACME_ERROR "connection", PROBLEM_ANYWHERE, FACT_HTTP_01 | FACT_ASKED_HERE, RETRY_VALIDATION,
      "The CA reached this server for %n from one of its networks and not from all: let port 80 "
      "in from everywhere, without a list of countries or a limit for each address, and check "
      "that an IPv6 address in the DNS works too"
      AT_ONCE_SLOW },
    { ACME_ERROR "connection", PROBLEM_ANYWHERE, FACT_HTTP_01 | FACT_NO_ADDRESS, RETRY_VALIDATION,
      "The CA could not connect to %n, for which this machine's resolver finds no address: add A or "
      "AAAA records that lead to this server, or, if the rest of the world sees some, check that "
      "they do and that a firewall lets port 80 in from everywhere"
      AT_ONCE_SLOW },
    { ACME_ERROR "connection", PROBLEM_ANYWHERE, FACT_TLS_ALPN_01 | FACT_NO_ADDRESS, RETRY_VALIDATION,
      "The CA could not connect to %n, for which this machine's resolver finds no address: add A or "
      "AAAA records that lead to this server, or, if the rest of the world sees some, check that "
      "they do and that a firewall lets port 443 in from everywhere"
      AT_ONCE_SLOW },
    { ACME_ERROR "connection", PROBLEM_ANYWHERE, FACT_HTTP_01 | FACT_ELSEWHERE, RETRY_VALIDATION,
      "The CA could not connect to %n, and the addresses that the DNS has for it are none of this "
      "machine's: correct the A and AAAA records, or, if a load balancer or NAT leads from there to "
      "this server, check that it and the firewall let port 80 in from everywhere"
      AT_ONCE_SLOW },
    { ACME_ERROR "connection", PROBLEM_ANYWHERE, FACT_TLS_ALPN_01 | FACT_ELSEWHERE, RETRY_VALIDATION,
      "The CA could not connect to %n, and the addresses that the DNS has for it are none of this "
      "machine's: correct the A and AAAA records, or, if a load balancer or NAT leads from there to "
      "this server, check that it and the firewall let port 443 in from everywhere"
      AT_ONCE_SLOW },
    { ACME_ERROR "connection", PROBLEM_ANYWHERE, FACT_HTTP_01, RETRY_VALIDATION,
      "The CA could not connect to %n: check that a firewall lets port 80 in from everywhere "
      "(CAs connect from several networks), that the DNS records of the name point to this "
      "server, and that an IPv6 address in them works too"
      AT_ONCE_SLOW },
    { ACME_ERROR "connection", PROBLEM_ANYWHERE, FACT_TLS_ALPN_01, RETRY_VALIDATION,
      "The CA could not connect to %n: check that a firewall lets port 443 in from everywhere "
      "(CAs connect from several networks), that the DNS records of the name point to this "
      "server, and that an IPv6 address in them works too"
      AT_ONCE_SLOW },
    { ACME_ERROR "connection", PROBLEM_ANYWHERE, 0, RETRY_VALIDATION,
      "The CA could not connect to %n: check that a firewall lets it in from everywhere (CAs "
      "connect from several networks), that the DNS records of the name point to this server, "
      "and that an IPv6 address in them works too"
      AT_ONCE_SLOW },
    { ACME_ERROR "dns", PROBLEM_ANYWHERE, FACT_DNS, RETRY_VALIDATION,
      "The CA could not look up %r in the DNS: check that the name servers of the domain answer "
      "the whole internet, over UDP and TCP, and that its DNSSEC signatures are valid"
      AT_ONCE_SLOW },
    { ACME_ERROR "dns", PROBLEM_ANYWHERE, FACT_UNRESOLVED, RETRY_VALIDATION,
      "The CA finds no address of %n in the DNS: add A or AAAA records that lead to this server, "
      "or correct the name in ACMEManagedDomain"
      AT_ONCE_SLOW },
    { ACME_ERROR "dns", PROBLEM_ANYWHERE, FACT_NO_ADDRESS, RETRY_VALIDATION,
      "The CA could not look up %n in the DNS, and this machine's resolver finds no address of it "
      "either: add A or AAAA records that lead to this server, or correct the name in "
      "ACMEManagedDomain"
      AT_ONCE_SLOW },
    { ACME_ERROR "dns", PROBLEM_ANYWHERE, 0, RETRY_VALIDATION,
      "The CA could not look up %n in the DNS; check that the name exists for the whole "
      "internet, that its name servers answer, and that its DNSSEC signatures are valid"
      AT_ONCE_SLOW },
    { ACME_ERROR "externalAccountRequired", PROBLEM_ANYWHERE, FACT_EAB, RETRY_CONFIGURATION,
      "The CA at %h registers accounts only with External Account Binding and does not accept "
      "this one: compare ACMEEABKid and ACMEEABKey with what it gave you, and add an e-mail "
      "address with ACMEContact, since some CAs say this when it is missing." },
    { ACME_ERROR "externalAccountRequired", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA at %h registers accounts only with External Account Binding: get a key id and an "
      "HMAC key from it, and set ACMEEABKid and ACMEEABKey." },
    { ACME_ERROR "incorrectResponse", PROBLEM_ANYWHERE, FACT_DNS_PERSIST, RETRY_VALIDATION,
      "The CA does not accept the record at %r: compare it with the one that the status page shows "
      "for this account, at each name server of the domain, and see whether its persistUntil has "
      "passed"
      AT_ONCE_SLOW },
    { ACME_ERROR "incorrectResponse", PROBLEM_ANYWHERE, FACT_DNS, RETRY_VALIDATION,
      "The CA did not find the right record at %r: check that the program in ACMEDNSCommand "
      "changes the zone that the internet sees, that all its name servers have the record before "
      "the program ends, and that no CNAME leads elsewhere"
      AT_ONCE_SLOW },
    { ACME_ERROR "incorrectResponse", PROBLEM_ANYWHERE, FACT_TLS_ALPN_01, RETRY_VALIDATION,
      "The CA was shown a wrong certificate on port 443 of %n: check that its DNS records, also "
      "for IPv6, lead to this server, and that no proxy or load balancer before it ends TLS, for "
      "acme-tls/1 must pass through"
      AT_ONCE_SLOW },
    { ACME_ERROR "incorrectResponse", PROBLEM_ANYWHERE, FACT_HTTP_01 | FACT_ASKED_HERE,
      RETRY_VALIDATION,
      "This server gave the right answer for %n and the CA saw another one: a further address of "
      "the name, perhaps of IPv6, leads to another server, or a proxy or cache in between "
      "changes what /.well-known/acme-challenge/ returns"
      AT_ONCE_SLOW },
    { ACME_ERROR "incorrectResponse", PROBLEM_ANYWHERE,
      FACT_HTTP_01 | FACT_NOT_ASKED | FACT_ELSEWHERE, RETRY_VALIDATION,
      "What the CA saw for %n did not come from this httpd, which was never asked for its answer, "
      "and the addresses that the DNS has for it are none of this machine's: correct the A and AAAA "
      "records, or let the server or load balancer at these addresses pass "
      "/.well-known/acme-challenge/ on to this one"
      AT_ONCE_SLOW },
    { ACME_ERROR "incorrectResponse", PROBLEM_ANYWHERE, FACT_HTTP_01 | FACT_NOT_ASKED,
      RETRY_VALIDATION,
      "What the CA saw for %n did not come from this httpd, which was never asked for its "
      "answer: the DNS records of the name, perhaps of IPv6, lead to another server, or a proxy "
      "answers for /.well-known/acme-challenge/"
      AT_ONCE_SLOW },
    { ACME_ERROR "incorrectResponse", PROBLEM_ANYWHERE, FACT_HTTP_01, RETRY_VALIDATION,
      "The CA reached %n and got a wrong answer; another server, a proxy or an old DNS record "
      "answers for /.well-known/acme-challenge/ instead of this server"
      AT_ONCE_SLOW },
    { ACME_ERROR "incorrectResponse", PROBLEM_ANYWHERE, 0, RETRY_VALIDATION,
      "The CA validated %n and got a wrong answer; check that the DNS records of the name lead "
      "to this server, and that nothing before it answers in its place"
      AT_ONCE_SLOW },
    { ACME_ERROR "invalidContact", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA refuses the contact address; correct the e-mail address in ACMEContact (or in "
      "ServerAdmin, which is used without it)." },
    { ACME_ERROR "malformed", PROBLEM_AT_ACCOUNT, FACT_EAB | FACT_EAB_UNASKED, RETRY_CONFIGURATION,
      "The CA at %h does not take the registration, and its directory asks for no External "
      "Account Binding: if it gave you no key for that, remove ACMEEABKid and ACMEEABKey; if it "
      "did, check that ACMEServer is the address that belongs to them." },
    { ACME_ERROR "malformed", PROBLEM_AT_ACCOUNT, FACT_EAB | FACT_KEY_USED, RETRY_CONFIGURATION,
      "The EAB credentials in ACMEEABKid have been used already; create new ones at the CA and "
      "put them into ACMEEABKid and ACMEEABKey." },
    { ACME_ERROR "malformed", PROBLEM_AT_ACCOUNT, FACT_EAB, RETRY_CONFIGURATION,
      "The CA does not take the registration: compare ACMEEABKid and ACMEEABKey with what it "
      "gave you, and ACMEServer with the address that belongs to them; its words may say more." },
    { ACME_ERROR "malformed", PROBLEM_AT_ACCOUNT, 0, RETRY_CONFIGURATION,
      "The CA at %h does not take the registration; its words name the cause, and ACMEContact "
      "and ACMEServer are what to check first." },
    { ACME_ERROR "malformed", PROBLEM_AT_CHALLENGE, 0, RETRY_VALIDATION,
      "The CA could not use what it found for %n; its words name the cause"
      AT_ONCE_SLOW },
    { ACME_ERROR "malformed", PROBLEM_AT_ORDER, FACT_SEVERAL | FACT_ONE_NAME, RETRY_CONFIGURATION,
      "The CA does not put so many names on one certificate of this product: make a certificate "
      "for each name (one ACMEManagedDomain each), or get credentials for a product with several "
      "names from the CA." },
    { ACME_ERROR "malformed", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA does not take the request; check the names of the certificate (%n) for typing "
      "errors and for more names than the CA puts on one certificate." },
    { ACME_ERROR "orderNotReady", PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The CA was not yet ready to issue; its state is looked at again and nothing has to be "
      "done." },
    { ACME_ERROR "rateLimited", PROBLEM_ANYWHERE, 0, RETRY_LIMITED,
      "A limit of the CA is reached; it is tried again by itself when the CA allows, or in an "
      "hour if it does not say when, and a link in its words leads to the rule." },
    { ACME_ERROR "rejectedIdentifier", PROBLEM_ANYWHERE, FACT_SEVERAL | FACT_ONE_NAME,
      RETRY_CONFIGURATION,
      "The CA does not put so many names on one certificate of this product: make a certificate "
      "for each name (one ACMEManagedDomain each), or get credentials for a product with several "
      "names from the CA." },
    { ACME_ERROR "rejectedIdentifier", PROBLEM_ANYWHERE, FACT_SEVERAL | FACT_UNNAMED,
      RETRY_CONFIGURATION,
      "The CA does not issue for these names (%n) with this account: have them approved at the "
      "CA or remove them from ACMEManagedDomain, and ask whether its product is for one name "
      "only, which needs a certificate for each"
      AT_ONCE },
    { ACME_ERROR "rejectedIdentifier", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA does not issue for %n with this account; have the name approved at the CA or "
      "remove it from ACMEManagedDomain"
      AT_ONCE },
    { ACME_ERROR "serverInternal", PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The CA at %h has an error of its own; it is tried again by itself." },
    { ACME_ERROR "tls", PROBLEM_ANYWHERE, FACT_DNS, RETRY_VALIDATION,
      "The CA got a TLS error while it validated %n by DNS; its words name the host that it "
      "spoke to"
      AT_ONCE_SLOW },
    { ACME_ERROR "tls", PROBLEM_ANYWHERE, FACT_TLS_ALPN_01, RETRY_VALIDATION,
      "The CA got a TLS error from %n; check that this server, and no proxy or load balancer "
      "before it, answers on port 443, and that acme-tls/1 passes through"
      AT_ONCE_SLOW },
    { ACME_ERROR "tls", PROBLEM_ANYWHERE, FACT_HTTP_01, RETRY_VALIDATION,
      "The CA got a TLS error from %n; a redirect of port 80 leads it to a server with broken "
      "TLS, so mend that or take /.well-known/acme-challenge/ out of the redirect there"
      AT_ONCE_SLOW },
    { ACME_ERROR "tls", PROBLEM_ANYWHERE, 0, RETRY_VALIDATION,
      "The CA got a TLS error from %n; check that this server, and no proxy before it, answers "
      "on port 443"
      AT_ONCE_SLOW },
    { ACME_ERROR "unauthorized", PROBLEM_AT_ACCOUNT, FACT_EAB | FACT_EAB_UNASKED,
      RETRY_CONFIGURATION,
      "The CA at %h does not register this account, and its directory asks for no External "
      "Account Binding: if it gave you no key for that, remove ACMEEABKid and ACMEEABKey; if it "
      "did, check that ACMEServer is the address that belongs to them." },
    { ACME_ERROR "unauthorized", PROBLEM_AT_ACCOUNT, FACT_EAB, RETRY_CONFIGURATION,
      "The EAB key id (ACMEEABKid) or the HMAC key (ACMEEABKey) is wrong, has expired or was "
      "used before; compare both with what the CA gave you, or create new ones there"
      AT_ONCE },
    { ACME_ERROR "unauthorized", PROBLEM_AT_ACCOUNT, 0, RETRY_CONFIGURATION,
      "The CA at %h does not let this server register an account; its words name the cause, and "
      "ask the CA whether it wants External Account Binding (ACMEEABKid and ACMEEABKey)." },
    { ACME_ERROR "unauthorized", PROBLEM_AT_CHALLENGE, FACT_DNS_PERSIST, RETRY_VALIDATION,
      "The CA does not accept the record at %r: compare it with the one that the status page shows "
      "for this account, at each name server of the domain, and see whether its persistUntil has "
      "passed"
      AT_ONCE_SLOW },
    { ACME_ERROR "unauthorized", PROBLEM_AT_CHALLENGE, FACT_DNS, RETRY_VALIDATION,
      "The CA did not find the right record at %r: check that the program in ACMEDNSCommand "
      "changes the zone that the internet sees, that all its name servers have the record before "
      "the program ends, and that no CNAME leads elsewhere"
      AT_ONCE_SLOW },
    { ACME_ERROR "unauthorized", PROBLEM_AT_CHALLENGE, FACT_TLS_ALPN_01, RETRY_VALIDATION,
      "The CA was shown a wrong certificate on port 443 of %n: check that its DNS records, also "
      "for IPv6, lead to this server, and that no proxy or load balancer before it ends TLS, for "
      "acme-tls/1 must pass through"
      AT_ONCE_SLOW },
    { ACME_ERROR "unauthorized", PROBLEM_AT_CHALLENGE, FACT_UNRESOLVED, RETRY_VALIDATION,
      "The CA finds no address of %n in the DNS: add A or AAAA records that lead to this server, "
      "or correct the name in ACMEManagedDomain"
      AT_ONCE_SLOW },
    { ACME_ERROR "unauthorized", PROBLEM_AT_CHALLENGE, FACT_HTTP_01 | FACT_ASKED_HERE,
      RETRY_VALIDATION,
      "This server gave the right answer for %n and the CA saw another one: a further address of "
      "the name, perhaps of IPv6, leads to another server, or a proxy or cache in between "
      "changes what /.well-known/acme-challenge/ returns"
      AT_ONCE_SLOW },
    { ACME_ERROR "unauthorized", PROBLEM_AT_CHALLENGE,
      FACT_HTTP_01 | FACT_NOT_ASKED | FACT_ELSEWHERE, RETRY_VALIDATION,
      "What the CA saw for %n did not come from this httpd, which was never asked for its answer, "
      "and the addresses that the DNS has for it are none of this machine's: correct the A and AAAA "
      "records, or let the server or load balancer at these addresses pass "
      "/.well-known/acme-challenge/ on to this one"
      AT_ONCE_SLOW },
    { ACME_ERROR "unauthorized", PROBLEM_AT_CHALLENGE, FACT_HTTP_01 | FACT_NOT_ASKED,
      RETRY_VALIDATION,
      "What the CA saw for %n did not come from this httpd, which was never asked for its "
      "answer: the DNS records of the name, perhaps of IPv6, lead to another server, or a proxy "
      "answers for /.well-known/acme-challenge/"
      AT_ONCE_SLOW },
    { ACME_ERROR "unauthorized", PROBLEM_AT_CHALLENGE, FACT_HTTP_01, RETRY_VALIDATION,
      "The CA fetched a wrong answer from %n; check that its DNS records, also for IPv6, lead to "
      "this server and that no proxy or other server answers for /.well-known/acme-challenge/"
      AT_ONCE_SLOW },
    { ACME_ERROR "unauthorized", PROBLEM_AT_CHALLENGE, 0, RETRY_VALIDATION,
      "The CA does not accept the proof for %n; check that its DNS records, also for IPv6, lead "
      "to this server and that nothing before it answers in its place"
      AT_ONCE_SLOW },
    { ACME_ERROR "unauthorized", PROBLEM_AT_ORDER, FACT_SEVERAL | FACT_ONE_NAME,
      RETRY_CONFIGURATION,
      "The CA does not put so many names on one certificate of this product: make a certificate "
      "for each name (one ACMEManagedDomain each), or get credentials for a product with several "
      "names from the CA." },
    { ACME_ERROR "unauthorized", PROBLEM_AT_ORDER, FACT_ACCOUNT_VALID | FACT_EAB, RETRY_VALIDATION,
      "The CA knows this account and does not let it have a certificate for %n: have the names "
      "delegated there to the EAB credentials in ACMEEABKid, or use those of an account that has "
      "them"
      AT_ONCE_SLOW },
    { ACME_ERROR "unauthorized", PROBLEM_AT_ORDER, FACT_ACCOUNT_VALID, RETRY_VALIDATION,
      "The CA knows this account and does not let it have a certificate for %n: have the names "
      "approved there for this account"
      AT_ONCE_SLOW },
    { ACME_ERROR "unauthorized", PROBLEM_AT_ORDER, FACT_EAB, RETRY_VALIDATION,
      "The CA does not let this account have a certificate for %n: either the names are not (or "
      "not yet) delegated to the EAB credentials in ACMEEABKid, or the account was deactivated "
      "at the CA"
      AT_ONCE_SLOW },
    { ACME_ERROR "unauthorized", PROBLEM_AT_ORDER, 0, RETRY_VALIDATION,
      "The CA does not let this account have a certificate for %n: either it may not have the "
      "names, or the account was deactivated at the CA"
      AT_ONCE_SLOW },
    { ACME_ERROR "unauthorized", PROBLEM_ANYWHERE, FACT_EAB, RETRY_CONFIGURATION,
      "The CA at %h does not allow this to the account; check at the CA whether the account or "
      "the EAB credentials in ACMEEABKid were deactivated"
      AT_ONCE },
    { ACME_ERROR "unauthorized", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA at %h does not allow this to the account; check at the CA whether the account was "
      "deactivated"
      AT_ONCE },
    { ACME_ERROR "unsupportedContact", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA takes no contact of this kind; put a plain e-mail address into ACMEContact." },
    { ACME_ERROR "unsupportedIdentifier", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA does not issue for names of this kind (%n); remove the name from "
      "ACMEManagedDomain." },
    { ACME_ERROR "userActionRequired", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA wants a person to act, mostly to accept new terms of service: open the address "
      "that it names and do what it asks"
      AT_ONCE },

    /* RFC 9773, the profiles draft, and types of other extensions */
    { ACME_ERROR "alreadyReplaced", PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The CA has replaced this certificate by another order already; it is ordered again without "
      "that mark and nothing has to be done." },
    { ACME_ERROR "invalidProfile", PROBLEM_ANYWHERE, FACT_NO_PROFILES, RETRY_CONFIGURATION,
      "The CA at %h does not take the profile in ACMEProfile, and its directory offers none at "
      "all; leave ACMEProfile out." },
    { ACME_ERROR "invalidProfile", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA at %h does not offer the profile that ACMEProfile names, or not for %n; choose one "
      "of those it offers, or leave it out." },
    { ACME_ERROR "autoRenewalCanceled", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA treats this as an automatically renewed (STAR) order, which is never asked for "
      "here; check ACMEServer." },
    { ACME_ERROR "autoRenewalExpired", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA treats this as an automatically renewed (STAR) order, which is never asked for "
      "here; check ACMEServer." },
    { ACME_ERROR "autoRenewalCancellationInvalid", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA treats this as an automatically renewed (STAR) order, which is never asked for "
      "here; check ACMEServer." },
    { ACME_ERROR "autoRenewalRevocationNotSupported", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA does not revoke automatically renewed (STAR) certificates; end the renewal at the "
      "CA." },
    { ACME_ERROR "unknownDelegation", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA looks for a delegation (RFC 9115), which is never asked for here; check "
      "ACMEServer." },
    { ACME_ERROR "onionCAARequired", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "For .onion names such as %n this CA wants the CAA policy within the order, which is not "
      "supported; remove the name or use another CA." },
    { ACME_ERROR "badAttestationStatement", PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA wants proof of the device that holds the key, which is not supported; use another "
      "product or address (ACMEServer) of the CA." },
    { ACME_ERROR "conflict", PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The CA is still busy with an earlier request about the same thing; it is tried again by "
      "itself." },

    /* What we find ourselves (base/result.h) */
    { EAB_PROBLEM_CA_UNREACHABLE, PROBLEM_ANYWHERE, FACT_CUT, RETRY_TRANSIENT,
      "%h can be reached, and it or a proxy on the way ended the connection before the answer was "
      "complete; it is tried again by itself, and if it stays so ask the operator of the CA, or of the "
      "proxy." },
    { EAB_PROBLEM_CA_UNREACHABLE, PROBLEM_ANYWHERE, FACT_DENIED, RETRY_TRANSIENT,
      "This machine itself forbids the agent to connect to the CA at %h, and the request has not "
      "left it: look at what SELinux (ausearch -m avc -c acme-eab-agent), AppArmor (journalctl -k) or "
      "the unit of systemd (IPAddressDeny) forbids." },
    { EAB_PROBLEM_CA_UNREACHABLE, PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "This server cannot reach the CA at %h: check the DNS, and that the firewall lets outgoing "
      "connections to port 443 pass, or set ACMEProxy." },
    { EAB_PROBLEM_CA_UNTRUSTED, PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The certificate that %h shows is not trusted: check this server's clock and whether a "
      "proxy intercepts TLS; for a CA with a private root set ACMECACertificateFile"
      AT_ONCE },
    { EAB_PROBLEM_PROXY_UNTRUSTED, PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The proxy in ACMEProxy shows a certificate that is not trusted: make its issuer known to "
      "this machine, or add it to the file in ACMECACertificateFile"
      AT_ONCE },
    { EAB_PROBLEM_CA_ANSWER, PROBLEM_AT_ORDER, FACT_FOREIGN, RETRY_TRANSIENT,
      "What came from %h is no answer of an ACME server, or not the whole of one: a proxy or load "
      "balancer on the way answered in its place or changed it; it is tried again by itself." },
    { EAB_PROBLEM_CA_ANSWER, PROBLEM_AT_CHALLENGE, FACT_FOREIGN, RETRY_TRANSIENT,
      "What came from %h is no answer of an ACME server, or not the whole of one: a proxy or load "
      "balancer on the way answered in its place or changed it; it is tried again by itself." },
    { EAB_PROBLEM_CA_ANSWER, PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "%h did not answer as an ACME server does; check that ACMEServer is the CA's directory "
      "address, letter by letter, and that no proxy changes the answers." },
    { EAB_PROBLEM_NONCE_LOOP, PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The CA at %h refuses the nonces that it hands out; a proxy or cache may be in between, and "
      "ACMEProxy can lead around it." },
    { EAB_PROBLEM_TERMS, PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA at %h has terms of service: read them and, if you agree, set \"ACMETermsOfService "
      "accepted\"." },
    { EAB_PROBLEM_EAB_MISSING, PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA at %h registers accounts only with External Account Binding; get a key id and an "
      "HMAC key from it and set ACMEEABKid and ACMEEABKey." },
    { EAB_PROBLEM_EAB_KEY, PROBLEM_ANYWHERE, FACT_SIGNAL, RETRY_CONFIGURATION,
      "The program in ACMEEABKey was ended by a signal before it gave the key: run it by hand as "
      "root, and look for what ended it (a missing permission, seccomp, memory) in the log of "
      "the system"
      AT_ONCE },
    { EAB_PROBLEM_EAB_KEY, PROBLEM_ANYWHERE, FACT_TIMED_OUT, RETRY_CONFIGURATION,
      "The program in ACMEEABKey takes too long: run it by hand as root without a terminal to "
      "see what it waits for"
      AT_ONCE },
    { EAB_PROBLEM_EAB_KEY, PROBLEM_ANYWHERE, FACT_MISSING, RETRY_CONFIGURATION,
      "There is nothing at the place that ACMEEABKey names: put the key there, exactly as the CA "
      "showed it"
      AT_ONCE },
    { EAB_PROBLEM_EAB_KEY, PROBLEM_ANYWHERE, FACT_DENIED, RETRY_CONFIGURATION,
      "The HMAC key in ACMEEABKey may not be read as it lies there, or others may read it too: "
      "let it belong to root, with mode 0600"
      AT_ONCE },
    { EAB_PROBLEM_EAB_KEY, PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The HMAC key cannot be read from the source in ACMEEABKey; check that it exists, that "
      "root can read it, and that it holds the key exactly as the CA showed it"
      AT_ONCE },
    { EAB_PROBLEM_EAB_HOST, PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The EAB key is used at the host of ACMEServer and its domain only; ask the CA for the "
      "directory address at the host that registers accounts, and set ACMEServer to it." },
    { EAB_PROBLEM_EAB_USED, PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The account was lost at %h, and the EAB key is used again for it once a day at most; it is "
      "tried again by itself then, or put other EAB credentials into ACMEEABKid and ACMEEABKey and "
      "restart httpd, and ask the operator of the CA why it loses accounts." },
    { EAB_PROBLEM_ACCOUNT_STATUS, PROBLEM_ANYWHERE, FACT_EAB, RETRY_CONFIGURATION,
      "The account was deactivated or revoked at the CA, so no certificate can be ordered with "
      "it; have it activated there again, or get new EAB credentials and put them into "
      "ACMEEABKid and ACMEEABKey"
      AT_ONCE },
    { EAB_PROBLEM_ACCOUNT_STATUS, PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The account was deactivated or revoked at the CA at %h, so no certificate can be ordered "
      "with it; ask the CA to activate it again"
      AT_ONCE },
    { EAB_PROBLEM_NO_CHALLENGE, PROBLEM_ANYWHERE, FACT_OFFERS_DNS_PERSIST, RETRY_VALIDATION,
      "The CA wants %n to be validated in a way that is not allowed here: set \"ACMEChallenge "
      "dns-persist-01\" and have the one record published in the DNS that the status page shows "
      "then, which needs no open port and no program"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_NO_CHALLENGE, PROBLEM_ANYWHERE, FACT_WILDCARD | FACT_OFFERS_DNS, RETRY_VALIDATION,
      "The wildcard %n can be validated by DNS alone: set \"ACMEChallenge dns-01\" and a program "
      "that changes the zone in ACMEDNSCommand, or have the name validated in advance at the CA"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_NO_CHALLENGE, PROBLEM_ANYWHERE, FACT_WILDCARD | FACT_OFFERS_DNS_ACCOUNT,
      RETRY_VALIDATION,
      "The wildcard %n can be validated by DNS alone: set \"ACMEChallenge dns-account-01\" and a "
      "program that changes the zone in ACMEDNSCommand, or have the name validated in advance at the "
      "CA"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_NO_CHALLENGE, PROBLEM_ANYWHERE, FACT_WILDCARD, RETRY_VALIDATION,
      "The wildcard %n can be validated by DNS alone, which this CA does not offer: have it "
      "validated in advance there, or remove it from ACMEManagedDomain"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_NO_CHALLENGE, PROBLEM_ANYWHERE, FACT_OFFERS_HTTP_01, RETRY_VALIDATION,
      "The CA wants %n to be validated in a way that is not allowed here: set \"ACMEChallenge "
      "http-01\" if the CA can reach port 80 of the name, or have the name validated in advance "
      "at the CA"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_NO_CHALLENGE, PROBLEM_ANYWHERE, FACT_OFFERS_TLS_ALPN_01, RETRY_VALIDATION,
      "The CA wants %n to be validated in a way that is not allowed here: set \"ACMEChallenge "
      "tls-alpn-01\" if the CA can reach port 443 of the name, or have the name validated in "
      "advance at the CA"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_NO_CHALLENGE, PROBLEM_ANYWHERE, FACT_OFFERS_DNS, RETRY_VALIDATION,
      "The CA wants %n to be validated by DNS, which is not allowed here: set \"ACMEChallenge "
      "dns-01\" and a program that changes the zone in ACMEDNSCommand, or have the name "
      "validated in advance at the CA"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_NO_CHALLENGE, PROBLEM_ANYWHERE, FACT_OFFERS_DNS_ACCOUNT, RETRY_VALIDATION,
      "The CA wants %n to be validated by DNS, which is not allowed here: set \"ACMEChallenge "
      "dns-account-01\" and a program that changes the zone in ACMEDNSCommand, or have the name "
      "validated in advance at the CA"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_NO_CHALLENGE, PROBLEM_ANYWHERE, 0, RETRY_VALIDATION,
      "The CA offers no way to validate %n that works here: have the name validated in advance "
      "at the CA"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_LAPSED, PROBLEM_ANYWHERE, FACT_OFFERS_DNS_PERSIST, RETRY_VALIDATION,
      "The validation of %n has lapsed at the CA: it issued for this name before and now asks "
      "for proof again; have the name validated there again, or set \"ACMEChallenge "
      "dns-persist-01\" and have the one record published in the DNS that the status page shows then"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_LAPSED, PROBLEM_ANYWHERE, FACT_WILDCARD | FACT_OFFERS_DNS, RETRY_VALIDATION,
      "The validation of %n has lapsed at the CA: it issued for this name before and now asks "
      "for proof again; have the name validated there again, or set \"ACMEChallenge dns-01\" and "
      "ACMEDNSCommand, as a wildcard needs"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_LAPSED, PROBLEM_ANYWHERE, FACT_OFFERS_HTTP_01, RETRY_VALIDATION,
      "The validation of %n has lapsed at the CA: it issued for this name before and now asks "
      "for proof again; have the name validated there again, or set \"ACMEChallenge http-01\" if "
      "the CA can reach port 80 of the name"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_LAPSED, PROBLEM_ANYWHERE, FACT_OFFERS_TLS_ALPN_01, RETRY_VALIDATION,
      "The validation of %n has lapsed at the CA: it issued for this name before and now asks "
      "for proof again; have the name validated there again, or set \"ACMEChallenge "
      "tls-alpn-01\" if the CA can reach port 443 of the name"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_LAPSED, PROBLEM_ANYWHERE, FACT_OFFERS_DNS, RETRY_VALIDATION,
      "The validation of %n has lapsed at the CA: it issued for this name before and now asks "
      "for proof again; have the name validated there again, or set \"ACMEChallenge dns-01\" and "
      "ACMEDNSCommand"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_LAPSED, PROBLEM_ANYWHERE, FACT_OFFERS_DNS_ACCOUNT, RETRY_VALIDATION,
      "The validation of %n has lapsed at the CA: it issued for this name before and now asks "
      "for proof again; have the name validated there again, or set \"ACMEChallenge "
      "dns-account-01\" and ACMEDNSCommand"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_LAPSED, PROBLEM_ANYWHERE, 0, RETRY_VALIDATION,
      "The validation of %n has lapsed at the CA: it issued for this name before and now asks "
      "for proof again; have the name validated there again"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_TOKEN, PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The challenge from %h for %n is not a valid one and was not answered; check ACMEServer, and "
      "tell the CA if it stays so." },
    { EAB_PROBLEM_VALIDATION, PROBLEM_ANYWHERE, FACT_DNS_PERSIST, RETRY_VALIDATION,
      "The CA could not validate %n by its lasting record and gave no reason: compare the record at "
      "%r with the one that the status page shows for this account, at each name server of the "
      "domain"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_VALIDATION, PROBLEM_ANYWHERE, FACT_DNS, RETRY_VALIDATION,
      "The CA could not validate %n by DNS and gave no reason: check that the record at %r can "
      "be seen from the internet while it is there, at each of the name servers"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_VALIDATION, PROBLEM_ANYWHERE, FACT_HTTP_01 | FACT_NO_ADDRESS, RETRY_VALIDATION,
      "The CA could not validate %n and gave no reason, and this machine's resolver finds no address "
      "of it: add A or AAAA records that lead to this server, and check that port 80 of the name can "
      "be reached from the internet"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_VALIDATION, PROBLEM_ANYWHERE, FACT_TLS_ALPN_01 | FACT_NO_ADDRESS, RETRY_VALIDATION,
      "The CA could not validate %n and gave no reason, and this machine's resolver finds no address "
      "of it: add A or AAAA records that lead to this server, and check that port 443 of the name can "
      "be reached from the internet"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_VALIDATION, PROBLEM_ANYWHERE, FACT_TLS_ALPN_01, RETRY_VALIDATION,
      "The CA could not validate %n and gave no reason: check that port 443 of the name can be "
      "reached from the internet and leads to this server"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_VALIDATION, PROBLEM_ANYWHERE, FACT_HTTP_01, RETRY_VALIDATION,
      "The CA could not validate %n and gave no reason: check that port 80 of the name can be "
      "reached from the internet and leads to this server"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_VALIDATION, PROBLEM_ANYWHERE, 0, RETRY_VALIDATION,
      "The authorization of %n was lost at the CA, which gave no reason: look there whether the "
      "name is still validated for this account"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_ORDER_INVALID, PROBLEM_ANYWHERE, 0, RETRY_VALIDATION,
      "The CA gave the order up without a reason; check at the CA whether its names (%n) are "
      "delegated and validated, and whether the order waited for an approval"
      AT_ONCE_SLOW },
    { EAB_PROBLEM_ORDER_CHANGED, PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA changed the names of the order; check at the CA which names the account may have, "
      "and make ACMEManagedDomain the same"
      AT_ONCE },
    { EAB_PROBLEM_ORDER_LOST, PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The order can lead to no certificate any more, since the CA has lost or changed it or it has "
      "expired; a new one is placed by itself." },
    { EAB_PROBLEM_CHAIN, PROBLEM_ANYWHERE, FACT_OTHER_KEY, RETRY_CONFIGURATION,
      "The CA issued for another key than the one in the order, so the certificate was not "
      "installed%k; tell the CA, as only it can mend that"
      AT_ONCE },
    { EAB_PROBLEM_CHAIN, PROBLEM_ANYWHERE, FACT_OTHER_NAMES, RETRY_CONFIGURATION,
      "The CA issued for other names than those of the order, so the certificate was not "
      "installed%k; check at the CA which names the account may have, and make ACMEManagedDomain "
      "the same"
      AT_ONCE },
    { EAB_PROBLEM_CHAIN, PROBLEM_ANYWHERE, FACT_OVER, RETRY_CONFIGURATION,
      "The certificate that the CA issued is over by this server's clock, so it was not "
      "installed%k; have the clock set, and if it is right ask the CA"
      AT_ONCE },
    { EAB_PROBLEM_CHAIN, PROBLEM_ANYWHERE, FACT_OTHER_USAGE, RETRY_CONFIGURATION,
      "The certificate that the CA issued is not for servers, so it was not installed%k; get "
      "credentials for a product of server certificates, or choose a profile of them with "
      "ACMEProfile"
      AT_ONCE },
    { EAB_PROBLEM_CHAIN, PROBLEM_ANYWHERE, FACT_UNFIT, RETRY_CONFIGURATION,
      "This httpd could not use the certificate that the CA issued, so it was not installed%k; choose "
      "an ACMEKeyType or ACMEPreferredChain that the TLS settings allow, or ease the setting "
      "that is named here." },
    { EAB_PROBLEM_CHAIN, PROBLEM_ANYWHERE, FACT_UNREADABLE, RETRY_CONFIGURATION,
      "What came as the certificate is no chain of certificates, so it was not installed%k; "
      "check that no proxy changes the answers of %h, and ask the CA if there is none"
      AT_ONCE },
    { EAB_PROBLEM_CHAIN, PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The certificate that the CA issued is not what was ordered, so it was not installed%k; "
      "the CA has to say why it differs"
      AT_ONCE },
    { EAB_PROBLEM_NAME_DROPPED, PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA left %n out of the certificate that it issued and gave no reason: check there "
      "whether this account may have the name; it is ordered again when the certificate is "
      "renewed, or at once after a change of the configuration." },
    { EAB_PROBLEM_FEWER_NAMES, PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The certificate in use covers more names and is good for a while yet, so one with fewer names "
      "does not take its place; check at the CA why it left names out." },
    { EAB_PROBLEM_PROFILE, PROBLEM_ANYWHERE, FACT_NO_PROFILES, RETRY_CONFIGURATION,
      "The CA at %h offers no profiles at all: remove ACMEProfile, or leave out \"required\" to "
      "order without one." },
    { EAB_PROBLEM_PROFILE, PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA at %h does not offer the profile in ACMEProfile: choose one that it offers, or "
      "leave out \"required\" to order without one." },
    { EAB_PROBLEM_ACCOUNT_PENDING, PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The certificate is ordered as soon as its account is registered; see the problem of the "
      "account." },
    { EAB_PROBLEM_STORE, PROBLEM_ANYWHERE, FACT_NO_SPACE, RETRY_TRANSIENT,
      "The disk that holds ACMEStoreDir is full; make room there, and it goes on by itself "
      "within minutes." },
    { EAB_PROBLEM_STORE, PROBLEM_ANYWHERE, FACT_QUOTA, RETRY_TRANSIENT,
      "The quota of the disk that holds ACMEStoreDir is used up for root; raise it or make room, "
      "and it goes on by itself within minutes." },
    { EAB_PROBLEM_STORE, PROBLEM_ANYWHERE, FACT_READ_ONLY, RETRY_TRANSIENT,
      "The file system that holds ACMEStoreDir is read-only: mount it for writing, or name the "
      "directory in ReadWritePaths= if systemd keeps it from httpd." },
    { EAB_PROBLEM_STORE, PROBLEM_ANYWHERE, FACT_DENIED, RETRY_TRANSIENT,
      "The directory in ACMEStoreDir, or what is named here, may not be used even by root: check "
      "its owner (root), its mode (0700), and what SELinux, AppArmor or the unit of systemd "
      "forbid." },
    { EAB_PROBLEM_STORE, PROBLEM_ANYWHERE, FACT_MISSING, RETRY_TRANSIENT,
      "What is named here has gone from ACMEStoreDir: put it back from a backup, or see what "
      "removes it or has unmounted the directory." },
    { EAB_PROBLEM_STORE, PROBLEM_ANYWHERE, FACT_DISK_ERROR, RETRY_TRANSIENT,
      "The disk that holds ACMEStoreDir has an error: look into the log of the system and have "
      "the disk checked." },
    { EAB_PROBLEM_STORE, PROBLEM_ANYWHERE, FACT_DAMAGED, RETRY_TRANSIENT,
      "What is named here is not as it was written: put it back from a backup of ACMEStoreDir, "
      "and never throw the key.pem of an account away." },
    { EAB_PROBLEM_STORE, PROBLEM_ANYWHERE, FACT_BUSY, RETRY_TRANSIENT,
      "Another process uses ACMEStoreDir: give each httpd a directory of its own." },
    { EAB_PROBLEM_STORE, PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The directory in ACMEStoreDir cannot be used for the reason that is named here; mend "
      "that, and it goes on by itself within minutes." },
    { EAB_PROBLEM_ANSWER_FILE, PROBLEM_ANYWHERE, FACT_NO_SPACE, RETRY_TRANSIENT,
      "The file system that holds ACMERunDir is full, so the CA cannot be answered; make room "
      "there, and it is tried again by itself." },
    { EAB_PROBLEM_ANSWER_FILE, PROBLEM_ANYWHERE, FACT_QUOTA, RETRY_TRANSIENT,
      "The quota of the user in ACMEUser is used up where ACMERunDir lies, so the CA cannot be "
      "answered; raise it or make room." },
    { EAB_PROBLEM_ANSWER_FILE, PROBLEM_ANYWHERE, FACT_READ_ONLY, RETRY_TRANSIENT,
      "The file system that holds ACMERunDir is read-only, so the CA cannot be answered: mount "
      "it for writing, or name the directory in ReadWritePaths= if systemd keeps it from httpd." },
    { EAB_PROBLEM_ANSWER_FILE, PROBLEM_ANYWHERE, FACT_DENIED, RETRY_TRANSIENT,
      "The user in ACMEUser may not write below ACMERunDir, so the CA cannot be answered: check "
      "who owns it, and what SELinux or AppArmor forbid." },
    { EAB_PROBLEM_ANSWER_FILE, PROBLEM_ANYWHERE, FACT_MISSING, RETRY_TRANSIENT,
      "ACMERunDir, or the directory of answers in it, has gone, so the CA cannot be answered; it "
      "is made again by itself, but see what removes it (mostly a cleaner of /run or /tmp)." },
    { EAB_PROBLEM_ANSWER_FILE, PROBLEM_ANYWHERE, FACT_DISK_ERROR, RETRY_TRANSIENT,
      "The disk that holds ACMERunDir has an error: look into the log of the system and have the "
      "disk checked." },
    { EAB_PROBLEM_ANSWER_FILE, PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The answer to the CA could not be written below ACMERunDir for the reason that is named "
      "here; mend that, and it is tried again by itself." },
    { EAB_PROBLEM_DNS_COMMAND, PROBLEM_ANYWHERE, FACT_SIGNAL, RETRY_TRANSIENT,
      "The program in ACMEDNSCommand was ended by a signal: run it by hand as root with \"add %r "
      "VALUE\", and look for what ended it (a missing permission, seccomp, memory) in the log of "
      "the system." },
    { EAB_PROBLEM_DNS_COMMAND, PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The program in ACMEDNSCommand did not put the record of %n into the DNS: run it by hand "
      "as root with \"add %r VALUE\" to see why; what it printed is in the error log." },
    { EAB_PROBLEM_PERSIST, PROBLEM_ANYWHERE, 0, RETRY_VALIDATION,
      "The TXT record by which the CA validates %n (dns-persist-01) is not in the DNS as it has to "
      "be: publish it as it stands here and on the status page, and it is found by itself." },
    { EAB_PROBLEM_UNUSABLE, PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The TLS settings of a virtual host refuse this certificate, and loading it would end httpd, so "
      "it is not used there: choose an ACMEKeyType or ACMEPreferredChain that they allow, or ease the "
      "directive that is named here, and restart httpd." },
    { EAB_PROBLEM_STAPLING, PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The CA's OCSP responder gives no answer that could be stapled, and a certificate with must-staple "
      "is not served without one: check that this server reaches the responder, through ACMEProxy where "
      "that is set; it is asked again by itself." },
    { EAB_PROBLEM_NOT_RUNNING, PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The program that orders certificates could not be started; mend what is named here, and it is "
      "tried again by itself." },
    { EAB_PROBLEM_REVOKED, PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The certificate was revoked, or its key may be known to others, so it is not used any more; "
      "another one is ordered by itself." },
    { EAB_PROBLEM_INTERNAL, PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "Something went wrong inside mod_acme_eab; the error log says more, and a report of it is "
      "welcome." },

    /* Types that are not known here, and answers without one */
    { EAB_PROBLEM_NO_DIRECTORY, PROBLEM_ANYWHERE, FACT_FOREIGN, RETRY_CONFIGURATION,
      "What answers at the address in ACMEServer is a web server and no ACME server: compare the "
      "address with what the CA gave you, letter by letter; if it is right, a firewall or proxy on the "
      "way refuses this server"
      AT_ONCE },
    { EAB_PROBLEM_NO_DIRECTORY, PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "There is no ACME directory at the address in ACMEServer: compare its path with what the "
      "CA gave you, letter by letter; capitals and a slash at the end count too." },
    { EAB_PROBLEM_CA_BUSY, PROBLEM_ANYWHERE, FACT_FOREIGN, RETRY_LIMITED,
      "The web server before the CA at %h has had too many requests, and the CA has not heard of this "
      "one; it is tried again by itself, and more slowly." },
    { EAB_PROBLEM_CA_BUSY, PROBLEM_ANYWHERE, 0, RETRY_LIMITED,
      "The CA at %h is busy or has had too many requests from here; it is tried again by itself." },
    { EAB_PROBLEM_CA_BROKEN, PROBLEM_ANYWHERE, FACT_FOREIGN, RETRY_TRANSIENT,
      "A web server or proxy before the CA at %h answered in its place that it is out of order; it is "
      "tried again by itself." },
    { EAB_PROBLEM_CA_BROKEN, PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "The CA at %h is out of order at the moment; it is tried again by itself." },
    { EAB_PROBLEM_CA_REFUSED, PROBLEM_ANYWHERE, FACT_FOREIGN, RETRY_TRANSIENT,
      "A web server, firewall or proxy before the CA at %h refused the request, and the CA has not "
      "heard of it; it is tried again by itself, and if it stays so ask whoever runs the proxy in "
      "ACMEProxy, or else the operator of the CA, why this server is refused." },
    { EAB_PROBLEM_CA_REFUSED, PROBLEM_ANYWHERE, 0, RETRY_CONFIGURATION,
      "The CA refuses the request; its words name the cause, and ACMEServer and the names (%n) are "
      "what to check first." },
    { NULL, PROBLEM_ANYWHERE, 0, RETRY_TRANSIENT,
      "There was no usable answer from the CA at %h; the error log may say more, and it is tried "
      "again by itself." },
};
/* clang-format on */

static const problem_row_t *find_row(const char *type, problem_place_t place, facts_t known)
{
    int i;

    for (i = 0; i < ROWS - 1; ++i) {
        const problem_row_t *row = &rows[i];

        if ((row->place == PROBLEM_ANYWHERE || row->place == place)
            && (row->facts & known) == row->facts && strcmp(row->type, type) == 0)
            return row;
    }
    return &rows[ROWS - 1];
}

static const char *type_of_status(int status)
{
    if (status == 429)
        return EAB_PROBLEM_CA_BUSY;
    if (status == 408 || status >= 500)
        return EAB_PROBLEM_CA_BROKEN;
    return status != 0 ? EAB_PROBLEM_CA_REFUSED : "";
}

/* An address that is none is refused with whatever type the server has at hand. */
static int is_no_directory(const eab_result_t *problem, problem_place_t place)
{
    int status = problem->http_status;

    return place == PROBLEM_AT_DIRECTORY && status >= 400 && status < 500 && status != 408
           && status != 429 && !eab_result_is_acme(problem, "rateLimited");
}

const problem_row_t *problem_find(const eab_result_t *problem, const problem_facts_t *facts)
{
    facts_t known = facts->known | fact_read(problem);
    const problem_row_t *row;

    if (is_no_directory(problem, facts->place))
        return find_row(EAB_PROBLEM_NO_DIRECTORY, facts->place, known);
    row = find_row(problem->type != NULL ? problem->type : "", facts->place, known);
    if (row->type != NULL)
        return row;
    return find_row(type_of_status(problem->http_status), facts->place, known);
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

const char *problem_name(apr_pool_t *p, const char *name, const problem_facts_t *facts)
{
    const char *wildcard = apr_pstrcat(p, "*.", name, NULL);
    int plain = 0, wild = 0, i;

    for (i = 0; facts->names != NULL && i < facts->names->nelts; ++i) {
        plain |= strcmp(APR_ARRAY_IDX(facts->names, i, const char *), name) == 0;
        wild |= strcmp(APR_ARRAY_IDX(facts->names, i, const char *), wildcard) == 0;
    }
    return wild && (!plain || (facts->known & FACT_WILDCARD)) ? wildcard : name;
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
                                  const problem_facts_t *facts)
{
    apr_array_header_t *names = apr_array_make(p, NAMES_SHOWN + 1, sizeof(const char *));
    size_t i;
    json_t *member;

    if (problem->identifier != NULL)
        return log_escape(p, problem_name(p, problem->identifier, facts));
    json_array_foreach(problem->subproblems, i, member)
    {
        const char *name = json_peek_string(json_object_get(member, "identifier"), "value");

        if (name != NULL)
            add_name(names, log_escape(p, name));
    }
    return names->nelts > 0 ? join_names(p, names) : list_configured(p, facts->names);
}

/* Where a record proves the name in the DNS. */
static const char *record_concerned(apr_pool_t *p, const eab_result_t *problem,
                                    const problem_facts_t *facts)
{
    const char *name = problem->identifier != NULL ? problem->identifier : "NAME";
    const char *label = "_acme-challenge.";

    if (facts->known & FACT_DNS_PERSIST)
        label = "_validation-persist.";
    else if ((facts->known & FACT_DNS_ACCOUNT) && facts->label != NULL)
        label = apr_pstrcat(p, facts->label, ".", label, NULL);
    return apr_pstrcat(p, label, log_escape(p, strncmp(name, "*.", 2) == 0 ? name + 2 : name),
                       NULL);
}

/* What a mark in a sentence stands for. */
static const char *fill_in(apr_pool_t *p, char mark, const eab_result_t *problem,
                           const problem_facts_t *facts)
{
    switch (mark) {
    case 'n':
        return name_concerned(p, problem, facts);
    case 'r':
        return record_concerned(p, problem, facts);
    case 'k':
        return (facts->known & FACT_HAS_CERTIFICATE) ? " and the old one stays in use" : "";
    default:
        return facts->host != NULL ? facts->host : "ACMEServer";
    }
}

static const char *advise(apr_pool_t *p, const eab_result_t *problem, const problem_facts_t *facts)
{
    const char *text = problem_find(problem, facts)->advice;
    const char *advice = "";
    const char *mark;

    for (; (mark = strchr(text, '%')) != NULL; text = mark + 2) {
        advice = apr_pstrcat(p, advice, apr_pstrmemdup(p, text, (apr_size_t)(mark - text)),
                             fill_in(p, mark[1], problem, facts), NULL);
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
static const char *advise_each(apr_pool_t *p, const eab_result_t *problem,
                               const problem_facts_t *facts)
{
    const char *advice = "";
    size_t i;

    for (i = 0; i < json_array_size(problem->subproblems); ++i) {
        eab_result_t one = { 0 };

        if ((one.subproblems = take_type(p, problem->subproblems, i)) != NULL) {
            one.type = json_peek_string(json_array_get(one.subproblems, 0), "type");
            advice =
                apr_pstrcat(p, advice, *advice != '\0' ? " " : "", advise(p, &one, facts), NULL);
        }
    }
    return advice;
}

/* A URI that is not the one for "no type" (RFC 9457, 4.2.1). */
static int is_type(const char *type)
{
    return type != NULL && strchr(type, ':') != NULL && strcmp(type, "about:blank") != 0;
}

const char *problem_type(const eab_result_t *problem, const problem_facts_t *facts)
{
    const char *type;

    if (is_type(problem->type))
        return problem->type;
    type = problem_find(problem, facts)->type;
    return type != NULL ? type : EAB_PROBLEM_CA_ANSWER;
}

const char *problem_advice(apr_pool_t *p, const eab_result_t *problem, const problem_facts_t *facts)
{
    const char *each = "";

    if (eab_result_is_acme(problem, "compound"))
        each = advise_each(p, problem, facts);
    return *each != '\0' ? each : advise(p, problem, facts);
}

/* The class of one member of subproblems, which has a type of its own. */
static retry_class_t classify_member(const json_t *member, const problem_facts_t *facts)
{
    eab_result_t problem = { 0 };

    problem.type = json_peek_string(member, "type");
    problem.http_status = (int)json_peek_int(member, "status", 0);
    return problem_find(&problem, facts)->class;
}

retry_class_t problem_classify(const eab_result_t *problem, const problem_facts_t *facts)
{
    retry_class_t class = problem_find(problem, facts)->class;
    size_t i;
    json_t *member;

    if (problem->foreign && problem->retry_after < 0)
        return RETRY_TRANSIENT; /* no word of the CA */
    /* The classes are declared in the order of how little another attempt helps. */
    json_array_foreach(problem->subproblems, i, member)
    {
        retry_class_t other = classify_member(member, facts);

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
