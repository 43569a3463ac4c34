/* SPDX-License-Identifier: Apache-2.0 */
#include "base/name.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "base/address.h"

#define WILDCARD "*."
#define WILDCARD_FILE "_wildcard."
#define IPV6_FILE "_ipv6."

#define LONGEST_LABEL 63
#define LONGEST_NAME 253
#define LONGEST_FILE 255
/* name_file() makes a wildcard longer. */
#define LONGEST_WILDCARD 247
#define LONGEST_ADDRESS 45

/* Why text, of len characters, is no label of a host name, or NULL. */
static const char *refuse_label(const char *text, apr_size_t len)
{
    apr_size_t i;

    if (len == 0)
        return "has an empty label";
    if (len > LONGEST_LABEL)
        return "has a label of more than 63 characters";
    for (i = 0; i < len; ++i) {
        if ((unsigned char)text[i] >= 0x80)
            return "is not ASCII; write its xn-- form";
        if (text[i] == '*')
            return "has a wildcard elsewhere than as its whole first label";
        if (text[i] == '_')
            return "has an underscore, which is not allowed in a certificate";
        if (text[i] == ':')
            return "has a colon, which no name has";
        if (!apr_isalnum(text[i]) && text[i] != '-')
            return "has a character that is no letter, digit or hyphen";
    }
    if (text[0] == '-' || text[len - 1] == '-')
        return "has a label that begins or ends with a hyphen";
    return NULL;
}

/* Why text, of len characters, is no host name of two labels or more, or NULL. */
static const char *refuse_host(const char *text, apr_size_t len)
{
    const char *end = text + len;
    const char *reason;
    apr_size_t n;
    int labels = 0;

    for (;; text += n + 1) {
        const char *dot = memchr(text, '.', (apr_size_t)(end - text));

        n = (apr_size_t)((dot != NULL ? dot : end) - text);
        if ((reason = refuse_label(text, n)) != NULL)
            return reason;
        ++labels;
        if (dot == NULL)
            break;
    }
    /* No top-level domain is a number; an IPv4 address ends in one. */
    if (strspn(text, "0123456789") >= n)
        return "is an IP address; only names can be used here";
    if (labels < 2)
        return "needs at least two labels besides a wildcard, as in www.example.edu";
    return NULL;
}

/* Why text, of len characters and without a trailing dot, is no name, or NULL. */
static const char *refuse_name(const char *text, apr_size_t len)
{
    if (len == 0)
        return "is empty";
    if (strncmp(text, WILDCARD, strlen(WILDCARD)) == 0 && len >= strlen(WILDCARD)) {
        if (len > LONGEST_WILDCARD)
            return "is longer than the 247 characters that a wildcard may have";
        return refuse_host(text + strlen(WILDCARD), len - strlen(WILDCARD));
    }
    if (len > LONGEST_NAME)
        return "is longer than 253 characters";
    return refuse_host(text, len);
}

const char *name_lower(apr_pool_t *p, const char *text)
{
    char *copy = apr_pstrdup(p, text), *c;

    for (c = copy; *c != '\0'; ++c) {
        *c = apr_tolower(*c);
    }
    return copy;
}

int name_is_ascii(const char *text)
{
    while (*text != '\0' && (unsigned char)*text < 0x80) {
        ++text;
    }
    return *text == '\0';
}

const char *name_normalize(apr_pool_t *p, const char *text, const char **preason)
{
    apr_size_t len = text != NULL ? strlen(text) : 0;
    const char *reason;
    apr_size_t i;
    char *name;

    if (len > 1 && text[len - 1] == '.')
        --len;
    reason = refuse_name(text, len);
    if (preason != NULL)
        *preason = reason;
    if (reason != NULL)
        return NULL;
    name = apr_pstrmemdup(p, text, len);
    for (i = 0; i < len; ++i)
        name[i] = (char)apr_tolower(name[i]);
    return name;
}

static int is_address(const char *text)
{
    unsigned char octets[ADDRESS_OCTETS_MAX];

    return address_parse(octets, text) != 0;
}

int name_matches(const char *pattern, const char *name)
{
    const char *dot = strchr(name, '.');

    if (apr_cstr_casecmp(pattern, name) == 0)
        return 1;
    /* RFC 9525, 6.3: for exactly one whole label. */
    return strncmp(pattern, WILDCARD, strlen(WILDCARD)) == 0 && dot != NULL && dot != name
           && apr_cstr_casecmp(pattern + 1, dot) == 0 && !is_address(name);
}

int name_matches_any(const apr_array_header_t *patterns, const char *name)
{
    int i;

    for (i = 0; i < patterns->nelts; ++i) {
        if (name_matches(APR_ARRAY_IDX(patterns, i, const char *), name))
            return 1;
    }
    return 0;
}

int name_covers_all(const apr_array_header_t *patterns, const apr_array_header_t *names)
{
    int i;

    for (i = 0; i < names->nelts; ++i) {
        if (!name_matches_any(patterns, APR_ARRAY_IDX(names, i, const char *)))
            return 0;
    }
    return 1;
}

apr_array_header_t *name_uncovered(apr_pool_t *p, const apr_array_header_t *patterns,
                                   const apr_array_header_t *names)
{
    apr_array_header_t *uncovered = apr_array_make(p, 2, sizeof(const char *));
    int i;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (!name_matches_any(patterns, name))
            APR_ARRAY_PUSH(uncovered, const char *) = name;
    }
    return uncovered;
}

int name_is_among(const apr_array_header_t *names, const char *name)
{
    int i;

    for (i = 0; i < names->nelts; ++i) {
        if (apr_cstr_casecmp(APR_ARRAY_IDX(names, i, const char *), name) == 0)
            return 1;
    }
    return 0;
}

static int holds_all(const apr_array_header_t *names, const apr_array_header_t *others)
{
    int i;

    for (i = 0; i < others->nelts; ++i) {
        if (!name_is_among(names, APR_ARRAY_IDX(others, i, const char *)))
            return 0;
    }
    return 1;
}

int name_same_set(const apr_array_header_t *a, const apr_array_header_t *b)
{
    return holds_all(a, b) && holds_all(b, a);
}

/* scp and rsync take what is before a colon for a host, and "::1" begins with none; '-' alone would
 * make an option of it. */
static const char *ipv6_file(apr_pool_t *p, const char *address)
{
    char *file = apr_pstrcat(p, IPV6_FILE, address, NULL);
    char *c;

    for (c = file; *c != '\0'; ++c) {
        if (*c == ':')
            *c = '-';
    }
    return file;
}

const char *name_file(apr_pool_t *p, const char *name)
{
    if (strncmp(name, WILDCARD, strlen(WILDCARD)) == 0)
        return apr_pstrcat(p, WILDCARD_FILE, name + strlen(WILDCARD), NULL);
    return strchr(name, ':') != NULL ? ipv6_file(p, name) : apr_pstrdup(p, name);
}

const char *name_file_of_type(apr_pool_t *p, const char *name, const char *type)
{
    return apr_pstrcat(p, name_file(p, name), "+", type, NULL);
}

const char *name_shown(apr_pool_t *p, const char *file)
{
    apr_size_t len = strcspn(file, "+");
    const char *type = file[len] == '+' ? apr_psprintf(p, " (%s)", file + len + 1) : "";
    char *c;

    if (strncmp(file, WILDCARD_FILE, strlen(WILDCARD_FILE)) == 0) {
        len -= strlen(WILDCARD_FILE);
        return apr_psprintf(p, "%s%.*s%s", WILDCARD, (int)len, file + strlen(WILDCARD_FILE), type);
    }
    if (strncmp(file, IPV6_FILE, strlen(IPV6_FILE)) == 0) {
        char *address = apr_psprintf(p, "%.*s%s", (int)(len - strlen(IPV6_FILE)),
                                     file + strlen(IPV6_FILE), type);

        for (c = address; *c != '\0' && *c != ' '; ++c) {
            *c = *c == '-' ? ':' : *c;
        }
        return address;
    }
    return *type != '\0' ? apr_psprintf(p, "%.*s%s", (int)len, file, type) : file;
}

static int is_key_type(const char *text)
{
    const char *c;

    for (c = text; apr_islower(*c) || apr_isdigit(*c); ++c)
        ;
    return c != text && *c == '\0';
}

/* Is text, of len characters, what name_file() makes of an address? */
static int is_address_file(const char *text, apr_size_t len)
{
    int ipv6 = strncmp(text, IPV6_FILE, strlen(IPV6_FILE)) == 0;
    apr_size_t prefix = ipv6 ? strlen(IPV6_FILE) : 0, i;
    char address[LONGEST_ADDRESS + 1];

    if (len < prefix || len - prefix > LONGEST_ADDRESS || memchr(text, ':', len) != NULL)
        return 0;
    for (i = 0; i < len - prefix; ++i)
        address[i] = ipv6 && text[prefix + i] == '-' ? ':' : text[prefix + i];
    address[i] = '\0';
    return address_is_normal(address) && ipv6 == (strchr(address, ':') != NULL);
}

static int is_host_file(const char *text, apr_size_t len)
{
    int wildcard = strncmp(text, WILDCARD_FILE, strlen(WILDCARD_FILE)) == 0;
    apr_size_t prefix = wildcard ? strlen(WILDCARD_FILE) : 0;
    apr_size_t i;

    for (i = prefix; i < len; ++i) {
        if (apr_isupper(text[i]))
            return 0;
    }
    return len - prefix <= (wildcard ? LONGEST_WILDCARD - strlen(WILDCARD) : LONGEST_NAME)
           && refuse_host(text + prefix, len - prefix) == NULL;
}

int name_is_file(const char *text)
{
    apr_size_t len = strcspn(text, "+");

    if (text[len] == '+' && !is_key_type(text + len + 1))
        return 0;
    return strlen(text) <= LONGEST_FILE && (is_host_file(text, len) || is_address_file(text, len));
}
