/* SPDX-License-Identifier: Apache-2.0 */

/* import/haproxy.c - HAProxy's configuration: its acme sections, and the certificates that are loaded
 * with one of them.
 *
 *   acme NAME                              crt-store
 *       directory URL                          crt-base DIR
 *       contact ADDRESS                        load crt FILE [key FILE] acme NAME domains "..."
 *       account-key FILE
 *       eab-key-id FILE
 *
 * The account URL is stored nowhere: the CA is asked for it. */

#include "import/format.h"

#include <string.h>
#include <apr_strings.h>

#include "base/bytes.h"
#include "import/bundle.h"
#include "import/source.h"

#define WORDS_MAX 64

typedef enum { SECTION_OTHER, SECTION_ACME, SECTION_STORE } section_t;

typedef struct haproxy {
    found_t *found;
    const format_options_t *options;
    const char *dir;  /* of the configuration: where relative paths begin */
    const char *base; /* crt-base */
    const char *key_base;
    section_t section;
    found_account_t *account;  /* of the acme section */
    const char *name;          /* of that section */
    const char *account_key;   /* file */
    apr_array_header_t *names; /* const char *: of the acme sections, as found->accounts */
} haproxy_t;

/* The words of a line, quotes taken off; up to a "#". @return how many */
static int split(char *line, const char *words[WORDS_MAX])
{
    int n = 0;

    while (n < WORDS_MAX) {
        char quote = '\0';

        line += strspn(line, " \t\r");
        if (*line == '\0' || *line == '#')
            break;
        if (*line == '"' || *line == '\'')
            quote = *line++;
        words[n++] = line;
        line += quote != '\0' ? strcspn(line, quote == '"' ? "\"" : "'") : strcspn(line, " \t\r");
        if (*line == '\0')
            break;
        *line++ = '\0';
    }
    return n;
}

/* What follows a keyword in a line, or NULL. */
static const char *option_of(const char *const words[], int n, const char *keyword)
{
    int i;

    for (i = 1; i + 1 < n; i++) {
        if (strcmp(words[i], keyword) == 0)
            return words[i + 1];
    }
    return NULL;
}

static const char *resolve(const haproxy_t *haproxy, const char *base, const char *path)
{
    if (*path == '/')
        return path;
    return source_path(haproxy->found->pool, base != NULL ? base : haproxy->dir, path);
}

/* The first word of a file. */
static const char *read_word(const haproxy_t *haproxy, const char *path)
{
    apr_pool_t *p = haproxy->found->pool;
    const char *ignored = NULL;
    secret_t *text = source_read(resolve(haproxy, NULL, path), LIMIT_EAB_SOURCE, &ignored, p);
    const char *word = NULL;

    if (text != NULL && memchr(text->data, '\0', text->len) == NULL) {
        const char *copy = apr_pstrmemdup(p, (const char *)text->data, text->len);

        word = apr_pstrmemdup(p, copy, strcspn(copy, " \t\r\n"));
    }
    secret_cleanse(text);
    return word;
}

static void end_section(haproxy_t *haproxy)
{
    apr_pool_t *p = haproxy->found->pool;
    found_account_t *account = haproxy->account;
    const char *path = NULL;

    if (account != NULL) {
        path = haproxy->account_key != NULL ? haproxy->account_key
                                            : apr_pstrcat(p, haproxy->name, ".account.key", NULL);
        account->path = resolve(haproxy, haproxy->base, path);
        account->key = source_read_key(account->path, NULL, &account->why, p);
    }
    haproxy->account = NULL;
    haproxy->account_key = NULL;
    haproxy->section = SECTION_OTHER;
}

static void begin_section(haproxy_t *haproxy, const char *const words[], int n)
{
    end_section(haproxy);
    if (strcmp(words[0], "crt-store") == 0)
        haproxy->section = SECTION_STORE;
    if (strcmp(words[0], "acme") != 0 || n < 2)
        return;
    haproxy->section = SECTION_ACME;
    haproxy->account = found_add_account(haproxy->found, words[1]);
    haproxy->name = apr_pstrdup(haproxy->found->pool, words[1]);
    if (haproxy->account != NULL) {
        haproxy->account->url = haproxy->options->account_url;
        APR_ARRAY_PUSH(haproxy->names, const char *) = haproxy->name;
    }
}

static void read_acme(haproxy_t *haproxy, const char *keyword, const char *value)
{
    apr_pool_t *p = haproxy->found->pool;
    found_account_t *account = haproxy->account;

    if (account == NULL)
        return;
    if (strcmp(keyword, "directory") == 0)
        account->directory = apr_pstrdup(p, value);
    else if (strcmp(keyword, "contact") == 0)
        account->contacts = apr_pstrcat(p, "mailto:", value, NULL);
    else if (strcmp(keyword, "account-key") == 0)
        haproxy->account_key = apr_pstrdup(p, value);
    else if (strcmp(keyword, "eab-key-id") == 0)
        account->kid = read_word(haproxy, value);
}

static const char *directory_of_section(const haproxy_t *haproxy, const char *name)
{
    int i;

    for (i = 0; i < haproxy->names->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(haproxy->names, i, const char *), name) == 0)
            return APR_ARRAY_IDX(haproxy->found->accounts, i, found_account_t *)->directory;
    }
    return NULL;
}

/* The key is in the same file, in the one that is named, or beside it. */
static void load_certificate(haproxy_t *haproxy, const char *const words[], int n)
{
    apr_pool_t *p = haproxy->found->pool;
    const char *crt = option_of(words, n, "crt"), *key = option_of(words, n, "key");
    const char *acme = option_of(words, n, "acme"), *path = NULL, *beside = NULL;
    found_certificate_t *certificate = NULL;

    if (crt == NULL || acme == NULL)
        return;
    path = apr_pstrdup(p, resolve(haproxy, haproxy->base, crt));
    beside = apr_pstrcat(p, path, ".key", NULL);
    if (key != NULL)
        key = resolve(haproxy, haproxy->key_base != NULL ? haproxy->key_base : haproxy->base, key);
    else if (source_has(beside))
        key = beside;
    if ((certificate = found_add_certificate(haproxy->found, path, NULL)) == NULL)
        return;
    certificate->why = bundle_read(&certificate->chain, &certificate->key, path, key,
                                   haproxy->options->passphrase, p);
    certificate->name = apr_pstrdup(p, acme); /* until all sections are read */
}

static int is_section(const char *word)
{
    static const char *const sections[] = { "acme",        "backend",  "cache",       "crt-store",
                                            "defaults",    "fcgi-app", "frontend",    "global",
                                            "http-errors", "listen",   "log-forward", "log-profile",
                                            "mailers",     "peers",    "program",     "resolvers",
                                            "ring",        "traces",   "userlist" };
    size_t i;

    for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        if (strcmp(sections[i], word) == 0)
            return 1;
    }
    return 0;
}

static void read_line(haproxy_t *haproxy, char *line)
{
    const char *words[WORDS_MAX];
    int indented = *line == ' ' || *line == '\t', n = split(line, words);

    if (n == 0)
        return;
    if (is_section(words[0]) && !(indented && haproxy->section == SECTION_STORE))
        begin_section(haproxy, words, n);
    else if (n >= 2 && strcmp(words[0], "crt-base") == 0)
        haproxy->base = apr_pstrdup(haproxy->found->pool, words[1]);
    else if (n >= 2 && strcmp(words[0], "key-base") == 0)
        haproxy->key_base = apr_pstrdup(haproxy->found->pool, words[1]);
    else if (n >= 2 && haproxy->section == SECTION_ACME)
        read_acme(haproxy, words[0], words[1]);
    else if (haproxy->section == SECTION_STORE && strcmp(words[0], "load") == 0)
        load_certificate(haproxy, words, n);
}

apr_status_t haproxy_read(found_t *found, const format_options_t *options, eab_result_t *result)
{
    apr_pool_t *p = found->pool;
    haproxy_t haproxy = { .found = found, .options = options };
    const char *why = NULL;
    secret_t *text = source_read(options->path, LIMIT_IMPORT_FILE, &why, p);
    char *rest = NULL, *line = NULL, *slash = NULL, *copy = NULL;
    int i;

    if (text == NULL)
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STORE, "%s.", why);
    copy = apr_pstrmemdup(p, (const char *)text->data, text->len);
    secret_cleanse(text);
    haproxy.dir = apr_pstrdup(p, options->path);
    slash = strrchr(haproxy.dir, '/');
    haproxy.dir =
        slash != NULL ? apr_pstrmemdup(p, haproxy.dir, (apr_size_t)(slash - haproxy.dir)) : ".";
    haproxy.names = apr_array_make(p, 2, sizeof(const char *));
    for (line = apr_strtok(copy, "\n", &rest); line != NULL; line = apr_strtok(NULL, "\n", &rest))
        read_line(&haproxy, line);
    end_section(&haproxy);
    for (i = 0; i < found->certificates->nelts; i++) {
        found_certificate_t *certificate =
            APR_ARRAY_IDX(found->certificates, i, found_certificate_t *);

        certificate->directory = directory_of_section(&haproxy, certificate->name);
    }
    return APR_SUCCESS;
}
