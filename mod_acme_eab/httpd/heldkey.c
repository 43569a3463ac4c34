/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/heldkey.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/file.h"
#include "crypto/leaf.h"
#include "ipc/rehearsal.h"

/* "www.example.edu:443 0 " */
static const char *place_of(apr_pool_t *p, const server_rec *s, int index)
{
    return apr_psprintf(p, "%s:%u %d ", s->server_hostname != NULL ? s->server_hostname : "",
                        (unsigned)s->port, index);
}

static int needs_phrase(const char *path, struct stat *info, apr_pool_t *ptemp)
{
    const char *text = NULL;
    apr_size_t len = 0;

    return stat(path, info) == 0 && S_ISREG(info->st_mode)
           && file_read(&text, &len, path, LIMIT_CHAIN, ptemp) == APR_SUCCESS
           && strstr(text, "ENCRYPTED") != NULL;
}

/* As exact as mod_ssl takes it: a backup brings a file back without the fractions of its second. */
static apr_time_t date_of(const struct stat *info)
{
    return apr_time_from_sec(info->st_mtim.tv_sec) + info->st_mtim.tv_nsec / 1000;
}

/* One line; NULL for what mod_ssl will not keep. */
static const char *describe(apr_pool_t *p, const char *place, const char *cert_path,
                            const char *key_path)
{
    struct stat info;
    leaf_t *leaf = NULL;

    if (!needs_phrase(key_path, &info, p) || strchr(key_path, '\n') != NULL
        || leaf_read(&leaf, cert_path, p) != APR_SUCCESS || !leaf->is_whole || leaf->spki == NULL)
        return NULL;
    return apr_psprintf(p, "%s%" APR_TIME_T_FMT " %s %s", place, date_of(&info), leaf->spki,
                        key_path);
}

void heldkey_note(apr_array_header_t *held, const server_rec *s, int index, const char *cert_path,
                  const char *key_path)
{
    const char *place = place_of(held->pool, s, index);
    const char *line = describe(held->pool, place, cert_path, key_path);
    int i = 0;

    if (line == NULL)
        return;
    for (i = 0; i < held->nelts; ++i) {
        const char **other = &APR_ARRAY_IDX(held, i, const char *);

        if (strncmp(*other, place, strlen(place)) == 0) {
            *other = line;
            return;
        }
    }
    APR_ARRAY_PUSH(held, const char *) = line;
}

int heldkey_is_held(const server_rec *s, int index, const char *cert_path, const char *key_path,
                    apr_pool_t *ptemp)
{
    const char *held = getenv(REHEARSAL_KEYS);
    const char *wanted =
        held != NULL ? describe(ptemp, place_of(ptemp, s, index), cert_path, key_path) : NULL;
    char *last = NULL, *line = NULL;

    if (wanted == NULL)
        return 0;
    for (line = apr_strtok(apr_pstrdup(ptemp, held), "\n", &last); line != NULL;
         line = apr_strtok(NULL, "\n", &last)) {
        if (strcmp(line, wanted) == 0)
            return 1;
    }
    return 0;
}
