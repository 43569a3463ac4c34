/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/value.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uri.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/name.h"
#include "crypto/eabkey.h"

#define LIMIT_LABEL 64
#define LIMIT_PARALLEL 100
#define LIMIT_EVENT_SECONDS 600
#define PRESETS \
    "incommon, sectigo-incommon-rsa, sectigo-incommon-ecc, sectigo-ov, sectigo-dv, sectigo-ev, " \
    "sectigo-enterprise, letsencrypt, letsencrypt-staging, zerossl, google"

static const struct {
    const char *name;
    const char *url;
} presets[] = {
    { "incommon", "https://acme-us.certinext.io/v1/directory" },
    { "sectigo-incommon-rsa", "https://acme.sectigo.com/v2/InCommonRSAOV" },
    { "sectigo-incommon-ecc", "https://acme.sectigo.com/v2/InCommonECCOV" },
    { "sectigo-ov", "https://acme.sectigo.com/v2/OV" },
    { "sectigo-dv", "https://acme.sectigo.com/v2/DV" },
    { "sectigo-ev", "https://acme.sectigo.com/v2/EV" },
    { "sectigo-enterprise", "https://acme.enterprise.sectigo.com" },
    { "letsencrypt", "https://acme-v02.api.letsencrypt.org/directory" },
    { "letsencrypt-staging", "https://acme-staging-v02.api.letsencrypt.org/directory" },
    { "zerossl", "https://acme.zerossl.com/v2/DV90" },
    { "google", "https://dv.acme-v02.api.pki.goog/directory" },
};

static int is_printable(const char *text)
{
    for (; *text != '\0'; ++text) {
        if (*text <= ' ' || *text > '~')
            return 0;
    }
    return 1;
}

/* "a.example", "10.0.0.1", "::1": apr_uri_parse() takes whatever stands there. */
static int is_host(apr_pool_t *p, const char *host)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const char *label;

    if (strchr(host, ':') != NULL || host[strspn(host, "0123456789.")] == '\0')
        return address_normalize(p, host) != NULL;
    if (strlen(host) > 253 || host[strspn(host, letters)] != '\0')
        return 0;
    for (label = host; label != NULL; label = strchr(label, '.')) {
        label += *label == '.';
        if (strcspn(label, ".") > 63 || (*label == '\0' ? label[-1] != '.' : *label == '.')
            || *label == '-')
            return 0;
    }
    return 1;
}

static int is_port(const char *port)
{
    return *port != '\0' && strlen(port) <= 5 && port[strspn(port, "0123456789")] == '\0'
           && atoi(port) >= 1 && atoi(port) <= 65535;
}

/* Only what RFC 3986, 3.3 and 3.4 let stand there. */
static int is_path(const char *text)
{
    for (; *text != '\0'; ++text) {
        if (strchr("\"<>\\^`{|}", *text) != NULL
            || (*text == '%' && !(apr_isxdigit(text[1]) && apr_isxdigit(text[2]))))
            return 0;
    }
    return 1;
}

/* What is wrong with a URL that has a scheme, a host and no user; NULL: nothing. */
static const char *find_url_mistake(apr_pool_t *p, const char *text, const apr_uri_t *uri)
{
    if (strlen(text) > LIMIT_URL)
        return "it is too long";
    if (!is_host(p, uri->hostname))
        return apr_psprintf(p, "'%s' is not the name or address of a host", uri->hostname);
    if (uri->port_str != NULL && !is_port(uri->port_str))
        return "its port is not a number from 1 to 65535";
    if (uri->fragment != NULL)
        return "it has a fragment, from the '#' on, which no server is told";
    if (!is_path(text))
        return "it has a character that cannot be in a URL, or a '%' that no two hexadecimal "
               "digits "
               "follow";
    return NULL;
}

/* Parsed, with a host and without user or password; NULL otherwise. */
static const apr_uri_t *plain_uri(apr_pool_t *p, const char *text, int *pcredentials)
{
    apr_uri_t *uri = apr_pcalloc(p, sizeof(*uri));

    *pcredentials = 0;
    if (!is_printable(text) || apr_uri_parse(p, text, uri) != APR_SUCCESS || uri->scheme == NULL
        || uri->hostname == NULL || *uri->hostname == '\0')
        return NULL;
    if (uri->user != NULL || uri->password != NULL) {
        *pcredentials = 1;
        return NULL;
    }
    return uri;
}

const char *value_directory(apr_pool_t *p, const char *text, const char **pwhy)
{
    const apr_uri_t *uri = NULL;
    const char *mistake = NULL;
    int credentials = 0;
    apr_size_t i = 0;

    *pwhy = NULL;
    for (i = 0; i < sizeof(presets) / sizeof(presets[0]); ++i) {
        if (strcasecmp(text, presets[i].name) == 0)
            return presets[i].url;
    }
    uri = plain_uri(p, text, &credentials);
    if (credentials || strchr(text, '@') != NULL)
        *pwhy = "the URL must not contain a user name or a password; take them out";
    else if (strstr(text, "://") == NULL)
        *pwhy = apr_psprintf(p,
                             "'%s' is neither an https URL nor a known preset; give the directory "
                             "URL of the CA or one of " PRESETS,
                             text);
    else if (uri == NULL)
        *pwhy = apr_psprintf(
            p, "'%s' is not a complete URL; copy the directory URL that the CA gave", text);
    else if (strcasecmp(uri->scheme, "https") != 0)
        *pwhy = apr_psprintf(p, "'%s' is not an https URL; ACME works over https only", text);
    else if ((mistake = find_url_mistake(p, text, uri)) != NULL)
        *pwhy = apr_psprintf(p, "'%s' cannot be used: %s; copy the directory URL that the CA gave",
                             text, mistake);
    return *pwhy == NULL ? apr_pstrdup(p, text) : NULL;
}

static const char *address_of(const char *text)
{
    return strncasecmp(text, "mailto:", 7) == 0 ? text + 7 : text;
}

/* One '@' with something before it and a host name behind it, and nothing that has a meaning in a
 * mailto URL: RFC 8555, 7.3 forbids header fields and several addresses in one. */
static int is_address(const char *address)
{
    const char *at = strchr(address, '@');

    return is_printable(address) && at != NULL && at != address && at[1] != '\0'
           && strchr(at + 1, '@') == NULL && strpbrk(address, ",?%<>\"") == NULL;
}

const char *value_contact(apr_pool_t *p, const char *text, const char **pwhy)
{
    const char *address = address_of(text);

    *pwhy = NULL;
    if (!is_address(address)) {
        *pwhy =
            apr_psprintf(p, "'%s' is not an e-mail address; write it as name@example.edu", text);
        return NULL;
    }
    return apr_pstrcat(p, "mailto:", address, NULL);
}

const char *value_admin_contact(apr_pool_t *p, const char *server_admin)
{
    const char *address = server_admin != NULL ? address_of(server_admin) : "";
    const char *why = NULL, *host = NULL;

    if (!is_address(address))
        return NULL;
    /* webmaster@localhost and the like: a CA refuses them. */
    host = name_normalize(p, strchr(address, '@') + 1, &why);
    if (host == NULL || strchr(host, '.') == NULL)
        return NULL;
    return apr_pstrcat(p, "mailto:", address, NULL);
}

/* "NAME:443", "192.0.2.1:443" or "[::1]:443". */
static int has_port(apr_pool_t *p, const char *text)
{
    const char *colon = strrchr(text, ':'), *host = NULL, *why = NULL;

    if (colon == NULL || colon[1] == '\0' || colon[1 + strspn(colon + 1, "0123456789")] != '\0')
        return 0;
    host = apr_pstrmemdup(p, text, (apr_size_t)(colon - text));
    return address_of_host(p, host) != NULL || name_normalize(p, host, &why) != NULL;
}

/* Why a text that is neither a name nor an address looks like an address, or NULL when it does not. */
static const char *refuse_near_address(apr_pool_t *p, const char *text)
{
    const char *slash = strchr(text, '/');
    apr_size_t digits = strspn(text, "0123456789.");

    if (slash != NULL
        && address_of_host(p, apr_pstrmemdup(p, text, (apr_size_t)(slash - text))) != NULL)
        return "is a network; name the addresses one by one";
    if (digits > 0 && text[digits] == '\0')
        return "is no IPv4 address, which has four numbers from 0 to 255 without leading zeros";
    if (strchr(text, ':') != NULL && strchr(text, '%') != NULL)
        return "has a zone, which means nothing outside of this machine; write the address alone";
    if (strchr(text, ':') != NULL && text[strspn(text, "0123456789abcdefABCDEF:.[]")] == '\0')
        return "is no IPv6 address, which is written as 2001:db8::1 or [2001:db8::1]";
    return NULL;
}

const char *value_managed_name(apr_pool_t *p, const char *text, const char **pwhy)
{
    const char *address = address_of_host(p, text), *name = NULL, *near = NULL;

    *pwhy = NULL;
    if (address != NULL) {
        *pwhy = address_refusal(address);
        return *pwhy == NULL ? address : NULL;
    }
    if ((name = name_normalize(p, text, pwhy)) != NULL)
        return name;
    if (has_port(p, text))
        *pwhy = "has a port; take it off, since a certificate is for all ports";
    else if ((near = refuse_near_address(p, text)) != NULL)
        *pwhy = near;
    return NULL;
}

int value_renew_before(const char *text, int *ppercent, apr_interval_time_t *pbefore)
{
    char *end = NULL;
    long number = 0;

    *ppercent = 0;
    *pbefore = 0;
    if (!apr_isdigit(*text))
        return 0;
    number = strtol(text, &end, 10);
    if (number < 1 || number > 10000)
        return 0;
    if (strcmp(end, "%") == 0 && number < 100) {
        *ppercent = (int)number;
        return 1;
    }
    if (strcasecmp(end, "d") == 0)
        *pbefore = apr_time_from_sec((apr_time_t)number * 24 * 3600);
    else if (strcasecmp(end, "h") == 0)
        *pbefore = apr_time_from_sec((apr_time_t)number * 3600);
    return *pbefore != 0;
}

/* @return the minute of "hh:mm", -1 for anything else, -2 when there is no such time */
static int day_minute(const char *text)
{
    int hour = 0, minute = 0;

    if (!apr_isdigit(text[0]) || !apr_isdigit(text[1]) || text[2] != ':' || !apr_isdigit(text[3])
        || !apr_isdigit(text[4]))
        return -1;
    hour = (text[0] - '0') * 10 + text[1] - '0';
    minute = (text[3] - '0') * 10 + text[4] - '0';
    return hour < 24 && minute < 60 ? hour * 60 + minute : -2;
}

const char *value_day_window(const char *text, int *pfrom, int *pto)
{
    *pfrom = *pto = 0;
    if (strlen(text) != sizeof("hh:mm-hh:mm") - 1 || text[5] != '-' || day_minute(text) == -1
        || day_minute(text + 6) == -1)
        return "is no time of the day; write it as 02:00-05:00 or, over midnight, 22:00-04:00";
    if (day_minute(text) < 0 || day_minute(text + 6) < 0)
        return "has a time that no clock shows; hours go from 00 to 23, minutes from 00 to 59";
    if (day_minute(text) == day_minute(text + 6))
        return "begins and ends at the same time, so that it never comes; leave it out if any time "
               "is right";
    *pfrom = day_minute(text);
    *pto = day_minute(text + 6);
    return NULL;
}

/* A proxy has no pages. */
static const char *find_proxy_mistake(apr_pool_t *p, const char *text, const apr_uri_t *uri)
{
    const char *mistake = find_url_mistake(p, text, uri);

    if (mistake == NULL
        && ((uri->path != NULL && *uri->path != '\0' && strcmp(uri->path, "/") != 0)
            || uri->query != NULL))
        mistake = "nothing may follow the host and the port of a proxy";
    return mistake;
}

const char *value_proxy(apr_pool_t *p, const char *text, const char **pwhy)
{
    const char *mistake = NULL;
    int credentials = 0;
    const apr_uri_t *uri = plain_uri(p, text, &credentials);

    *pwhy = NULL;
    /* Even a URL that cannot be read may hold a password in front of an '@'. */
    if (credentials || strchr(text, '@') != NULL)
        *pwhy = "the URL must not contain a user name or a password; write user:password into a "
                "file that only root can read, and name it behind the URL as file:PATH";
    else if (uri == NULL
             || (strcasecmp(uri->scheme, "http") != 0 && strcasecmp(uri->scheme, "https") != 0))
        *pwhy = apr_psprintf(
            p, "'%s' is not an http or https URL; write it as http://proxy.example.edu:3128", text);
    else if ((mistake = find_proxy_mistake(p, text, uri)) != NULL)
        *pwhy = apr_psprintf(
            p, "'%s' cannot be used: %s; write it as http://proxy.example.edu:3128", text, mistake);
    return *pwhy == NULL ? apr_pstrdup(p, text) : NULL;
}

static const char *file_source(apr_pool_t *p, const char *path, const char *root, const char **pwhy)
{
    char *whole = NULL;

    if (*path == '\0'
        || apr_filepath_merge(&whole, root, path, APR_FILEPATH_TRUENAME, p) != APR_SUCCESS) {
        *pwhy = "no usable path follows file:; write it as file:/etc/apache2/acme/eab.key";
        return NULL;
    }
    return apr_pstrcat(p, "file:", whole, NULL);
}

static const char *exec_source(apr_pool_t *p, const char *command, const char **pwhy)
{
    if (*command != '/') {
        *pwhy = "the program after exec: needs its whole path, beginning with '/'";
        return NULL;
    }
    return apr_pstrcat(p, "exec:", command, NULL);
}

/* A systemd credential is a file name in $CREDENTIALS_DIRECTORY. */
static const char *credential_source(apr_pool_t *p, const char *name, const char **pwhy)
{
    if (*name == '\0' || strchr(name, '/') != NULL || *name == '.') {
        *pwhy = "the name after credential: must be that of a LoadCredential= line of httpd's "
                "systemd unit, without '/'";
        return NULL;
    }
    return apr_pstrcat(p, "credential:", name, NULL);
}

const char *value_proxy_credentials(apr_pool_t *p, const char *text, const char *root,
                                    const char **pwhy)
{
    char *path = NULL;

    *pwhy = NULL;
    if (strncmp(text, "file:", 5) != 0 || text[5] == '\0'
        || apr_filepath_merge(&path, root, text + 5, APR_FILEPATH_TRUENAME, p) != APR_SUCCESS)
        *pwhy = "behind the URL only file:PATH may stand, which names a file with user:password";
    return path;
}

const char *value_eab_source(apr_pool_t *p, const char *text, const char *root, const char **pwhy)
{
    *pwhy = NULL;
    if (strncmp(text, "file:", 5) == 0)
        return file_source(p, text + 5, root, pwhy);
    if (strncmp(text, "exec:", 5) == 0)
        return exec_source(p, text + 5, pwhy);
    if (strncmp(text, "credential:", 11) == 0)
        return credential_source(p, text + 11, pwhy);
    if (eabkey_looks_like_key(text))
        *pwhy = "the argument looks like the HMAC key itself, which must not stand in the "
                "configuration; put it into a file that only root can read and write file:PATH";
    else
        *pwhy = "the argument must be file:PATH, exec:PROGRAM or credential:NAME";
    return NULL;
}

const char *value_eab_kid(apr_pool_t *p, const char *text, const char **pwhy)
{
    *pwhy = NULL;
    if (*text == '\0' || !is_printable(text)) {
        *pwhy = "the key id must be printable ASCII without spaces; copy it as the CA shows it";
        return NULL;
    }
    return apr_pstrdup(p, text);
}

const char *value_challenge_refusal(apr_pool_t *p, const char *word)
{
    if (strcmp(word, "http-01") == 0 || strcmp(word, "tls-alpn-01") == 0
        || strcmp(word, "dns-01") == 0 || strcmp(word, "dns-account-01") == 0
        || strcmp(word, "dns-persist-01") == 0 || strcmp(word, "none") == 0)
        return NULL;
    return apr_psprintf(
        p,
        "'%s' is not a challenge; use http-01, tls-alpn-01, dns-01, dns-account-01, "
        "dns-persist-01, or none",
        word);
}

const char *value_ca_file_trouble(apr_pool_t *p, const char *path)
{
    const char *data = NULL;
    apr_size_t len = 0;
    apr_status_t rv = file_read(&data, &len, path, LIMIT_CA_FILE, p);

    if (rv == APR_SUCCESS && strstr(data, "-----BEGIN CERTIFICATE-----") != NULL)
        return NULL;
    if (rv == APR_SUCCESS)
        return apr_psprintf(p,
                            "'%s' holds no certificate in PEM form; name a file with the "
                            "certificates that the CA's server is verified with",
                            path);
    if (APR_STATUS_IS_EACCES(rv) && geteuid() != 0)
        return NULL;
    return apr_psprintf(p,
                        "'%s' cannot be read (%s); name a PEM file with the certificates that the "
                        "CA's server is verified with",
                        path, file_reason(p, rv, path));
}

const char *value_label_refusal(apr_pool_t *p, const char *label)
{
    apr_size_t len = strlen(label), i = 0;

    for (i = 0; i < len && (apr_isalnum(label[i]) || strchr("._-", label[i]) != NULL); ++i)
        ;
    if (len == 0 || i < len || len > LIMIT_LABEL)
        return apr_psprintf(p,
                            "'%s' is not a label; use up to %d letters, digits, '.', '_' and '-'",
                            label, LIMIT_LABEL);
    if (strcasecmp(label, "default") == 0)
        return "'default' is how the status shows the account without a label; use another";
    return NULL;
}

const char *value_key_algorithm(const char *type)
{
    return strncmp(type, "rsa", 3) == 0 ? "RSA" : "EC";
}

const char *value_program_refusal(const char *path)
{
    return *path == '/' ? NULL : "the program needs its whole path, beginning with '/'";
}

const char *value_program_trouble(apr_pool_t *p, const char *path)
{
    char reason[120];
    struct stat st;

    if (stat(path, &st) != 0)
        return apr_psprintf(p, "the program '%s' cannot be used: %s", path,
                            apr_strerror(errno, reason, sizeof(reason)));
    if (!S_ISREG(st.st_mode) || access(path, X_OK) != 0)
        return apr_psprintf(p, "'%s' is not a program that can be run; run: chmod +x %s", path,
                            path);
    return NULL;
}

int value_max_parallel(const char *text)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);

    if (strcasecmp(text, "auto") == 0)
        return 0;
    return *end == '\0' && number >= 1 && number <= LIMIT_PARALLEL ? (int)number : -1;
}

int value_event_timeout(const char *text)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);

    return *end == '\0' && apr_isdigit(*text) && number >= 1 && number <= LIMIT_EVENT_SECONDS
               ? (int)number
               : 0;
}

int value_switch(const char *text)
{
    if (strcasecmp(text, "on") == 0)
        return 1;
    return strcasecmp(text, "off") == 0 ? 0 : -1;
}
