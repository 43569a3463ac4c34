/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/export.h"

#include <string.h>
#include <apr_strings.h>

#include "base/file.h"
#include "base/name.h"
#include "export/parcel.h"

/* ACMEExport NAME FORMAT PATH OWNER:GROUP MODE [file:PASSWORD] */
enum { WORD_NAME, WORD_FORMAT, WORD_PATH, WORD_OWNER, WORD_MODE, WORDS_LEAST, WORD_PASSWORD = 5 };

#define WORDS_MOST 6
#define FILE_WORD "file:"

static const char *word(const apr_array_header_t *words, int i)
{
    return APR_ARRAY_IDX(words, i, const char *);
}

static const char *formats_text(apr_pool_t *p)
{
    const char *text = "";
    const package_format_t *format = NULL;

    for (format = package_formats; format->name != NULL; format++)
        text = apr_pstrcat(p, text, *text != '\0' ? ", " : "", format->name, NULL);
    return text;
}

static const char *check_password(const package_format_t *format, const apr_array_header_t *words)
{
    const char *text = words->nelts > WORD_PASSWORD ? word(words, WORD_PASSWORD) : NULL;

    if (!format->needs_password)
        return text == NULL ? NULL : "takes a password for pfx and pfx-legacy only";
    if (text == NULL)
        return "needs for a PKCS#12, as its last argument, file: and the path of a file with its "
               "password";
    return strncmp(text, FILE_WORD "/", strlen(FILE_WORD "/")) == 0
               ? NULL
               : "takes the password from a file alone: file: and its whole path";
}

const char *export_check(apr_pool_t *p, const apr_array_header_t *words)
{
    const package_format_t *format = NULL;
    const char *path = NULL, *why = NULL;
    mode_t mode = 0;

    if (words->nelts < WORDS_LEAST || words->nelts > WORDS_MOST)
        return "takes NAME FORMAT PATH OWNER:GROUP MODE, and file:PATH of a password for pfx";
    if ((format = package_format_find(word(words, WORD_FORMAT))) == NULL)
        return apr_psprintf(p, "'%s' is no format; they are %s", word(words, WORD_FORMAT),
                            formats_text(p));
    path = word(words, WORD_PATH);
    if (*path != '/' || path[1] == '\0')
        return apr_psprintf(p, "'%s' is no whole path", path);
    if (path[strlen(path) - 1] == '/' && !format->needs_password)
        return apr_psprintf(p,
                            "'%s' names a directory, which only pfx and pfx-legacy fill, with a "
                            "file for each name",
                            path);
    if (strchr(word(words, WORD_OWNER), ':') == NULL)
        return apr_psprintf(p, "'%s' is no OWNER:GROUP", word(words, WORD_OWNER));
    if ((why = parcel_mode(&mode, word(words, WORD_MODE), format->has_key)) != NULL)
        return apr_psprintf(p, "'%s' %s", word(words, WORD_MODE), why);
    return check_password(format, words);
}

/* The certificate of that name: the first key type of a managed domain, or a further one as the store
 * calls it ("www.example.edu+p256"). */
static const plan_certificate_t *find_certificate(apr_pool_t *p, const char *name,
                                                  const apr_array_header_t *certificates)
{
    const char *normalized = name_normalize(p, name, NULL);
    const char *id = name_file(p, normalized != NULL ? normalized : name);
    int i;

    for (i = 0; i < certificates->nelts; i++) {
        const plan_certificate_t *certificate =
            APR_ARRAY_IDX(certificates, i, const plan_certificate_t *);

        if (strcmp(certificate->id, id) == 0)
            return certificate;
    }
    return NULL;
}

static void fill(plan_export_t *export, const config_export_t *from, const char *id,
                 mistakes_t *troubles, apr_pool_t *p)
{
    const char *why = NULL;
    mode_t mode = 0;

    export->certificate = id;
    export->format = word(from->words, WORD_FORMAT);
    export->path = word(from->words, WORD_PATH);
    export->where = from->where;
    if (from->words->nelts > WORD_PASSWORD)
        export->password_file = word(from->words, WORD_PASSWORD) + strlen(FILE_WORD);
    (void)parcel_mode(&mode, word(from->words, WORD_MODE), 0);
    export->mode = (int)mode;
    why = parcel_owner(&export->uid, &export->gid, word(from->words, WORD_OWNER), p);
    if (why != NULL && troubles != NULL)
        mistake_add(troubles, from->where, "ACMEExport '%s' %s", word(from->words, WORD_OWNER),
                    why);
    export->wrong = why;
    if (export->password_file != NULL && troubles != NULL
        && !file_is_regular(export->password_file))
        mistake_add(troubles, from->where,
                    "ACMEExport: %s, which is to hold the password, is no file that can be read",
                    export->password_file);
}

apr_array_header_t *export_list(apr_pool_t *p, const apr_array_header_t *exports,
                                const apr_array_header_t *certificates, mistakes_t *mistakes,
                                mistakes_t *troubles)
{
    apr_array_header_t *list = apr_array_make(p, exports->nelts, sizeof(plan_export_t));
    int i;

    for (i = 0; i < exports->nelts; i++) {
        const config_export_t *from = APR_ARRAY_IDX(exports, i, const config_export_t *);
        const plan_certificate_t *certificate =
            find_certificate(p, word(from->words, WORD_NAME), certificates);

        if (certificate != NULL)
            fill(memset(apr_array_push(list), 0, sizeof(plan_export_t)), from, certificate->id,
                 troubles, p);
        else if (mistakes != NULL)
            mistake_add(mistakes, from->where,
                        "ACMEExport '%s' is not the first name of any ACMEManagedDomain; a "
                        "certificate is called by that",
                        word(from->words, WORD_NAME));
    }
    return list;
}
