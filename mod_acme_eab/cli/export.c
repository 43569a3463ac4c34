/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl export - a certificate and its key in the form in which another program wants them. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/file.h"
#include "base/json.h"
#include "base/name.h"
#include "cli/output.h"
#include "cli/table.h"
#include "export/parcel.h"
#include "store/generation.h"

#define PASSWORD_MAX 1024

typedef struct request {
    context_t *context;
    parcel_t parcel;
    const char *name;
    chain_t *chain;
    keypair_t *key;
} request_t;

static int refuse(const request_t *request, int code, const char *sentence)
{
    eab_result_set(request->context->result, APR_EINVAL, EAB_PROBLEM_STORE, "%s", sentence);
    return code;
}

static const char *list_formats(apr_pool_t *p)
{
    const char *text = "";
    const package_format_t *format = NULL;

    for (format = package_formats; format->name != NULL; format++)
        text = apr_pstrcat(p, text, *text != '\0' ? ", " : "", format->name, NULL);
    return text;
}

/* --format pfx --pfx-profile legacy is pfx-legacy. */
static int read_format(request_t *request)
{
    const context_t *context = request->context;
    const char *name = command_value(context, "format");
    const char *profile = command_value(context, "pfx-profile");

    if (name == NULL)
        return refuse(request, EXIT_USAGE,
                      apr_psprintf(context->pool, "Say with --format which one: %s.",
                                   list_formats(context->pool)));
    if (profile != NULL && strcmp(profile, "legacy") != 0 && strcmp(profile, "modern") != 0)
        return refuse(request, EXIT_USAGE, "--pfx-profile is modern or legacy.");
    if (profile != NULL && strcmp(name, "pfx") == 0 && strcmp(profile, "legacy") == 0)
        name = "pfx-legacy";
    if ((request->parcel.format = package_format_find(name)) == NULL)
        return refuse(request, EXIT_USAGE,
                      apr_psprintf(context->pool, "%s is no format; they are %s.", name,
                                   list_formats(context->pool)));
    return EXIT_FINE;
}

/* --group alone, or with --owner. */
static int read_owner(request_t *request)
{
    const context_t *context = request->context;
    const char *owner = command_value(context, "owner"), *group = command_value(context, "group");
    const char *why = parcel_owner(&request->parcel.uid, &request->parcel.gid,
                                   apr_pstrcat(context->pool, owner != NULL ? owner : "", ":",
                                               group != NULL ? group : "", NULL),
                                   context->pool);

    return why == NULL ? EXIT_FINE
                       : refuse(request, EXIT_USAGE,
                                apr_pstrcat(context->pool, "--owner or --group ", why, ".", NULL));
}

static int read_target(request_t *request)
{
    const context_t *context = request->context;
    const char *path = command_value(context, "out"), *mode = command_value(context, "mode");
    int per_name = command_has(context, "per-name");
    const char *why = NULL;
    char cwd[4096];

    if (path == NULL)
        return refuse(request, EXIT_USAGE, "Say with --out where the file is to be.");
    if (*path != '/' && getcwd(cwd, sizeof(cwd)) != NULL)
        path = apr_pstrcat(context->pool, cwd, "/", path, NULL);
    if (per_name && !request->parcel.format->needs_password)
        return refuse(request, EXIT_USAGE, "--per-name is for --format pfx.");
    if (per_name && path[strlen(path) - 1] != '/')
        path = apr_pstrcat(context->pool, path, "/", NULL);
    if (!per_name && path[strlen(path) - 1] == '/')
        return refuse(request, EXIT_USAGE,
                      "--out names a directory; a file is needed, or "
                      "--per-name.");
    request->parcel.path = path;
    if (mode == NULL)
        mode = request->parcel.format->has_key ? "0600" : "0644";
    why = parcel_mode(&request->parcel.mode, mode, request->parcel.format->has_key);
    if (why != NULL)
        return refuse(request, EXIT_USAGE, apr_psprintf(context->pool, "--mode %s %s.", mode, why));
    return read_owner(request);
}

/* From an open descriptor, up to the end of its first line. */
static secret_t *read_password_fd(const request_t *request, const char *text)
{
    context_t *context = request->context;
    char *end = NULL;
    apr_int64_t fd = apr_strtoi64(text, &end, 10);
    secret_t *read = NULL, *password = NULL;
    apr_size_t len = 0;

    if (*text == '\0' || *end != '\0' || fd < 0 || fd > 65535
        || secret_read_fd(&read, (int)fd, PASSWORD_MAX, context->pool) != APR_SUCCESS) {
        (void)refuse(request, EXIT_FAILED, "No password can be read from that descriptor.");
        return NULL;
    }
    while (len < read->len && read->data[len] != '\n' && read->data[len] != '\r')
        len++;
    if (len > 0 && (password = secret_make(context->pool, len)) != NULL)
        memcpy(password->data, read->data, len);
    secret_cleanse(read);
    if (password == NULL)
        (void)refuse(request, EXIT_FAILED, "That descriptor gives no password.");
    return password;
}

/* A new one, in a file that does not exist yet. */
static secret_t *generate_password(const request_t *request, const char *path)
{
    context_t *context = request->context;
    secret_t *password = package_make_password(context->pool), *line = NULL;
    struct stat st;
    apr_status_t rv = APR_EGENERAL;

    if (*path != '/' || file_look(&st, path) == APR_SUCCESS) {
        (void)refuse(
            request, EXIT_USAGE,
            apr_psprintf(context->pool,
                         "--generate-password needs the whole path of a file that does not "
                         "exist yet; %s is none.",
                         path));
        return NULL;
    }
    if (password != NULL && (line = secret_make(context->pool, password->len + 1)) != NULL) {
        memcpy(line->data, password->data, password->len);
        line->data[password->len] = '\n';
        rv = file_deliver(path, line->data, line->len, -1, -1, S_IRUSR | S_IWUSR, context->pool);
    }
    secret_cleanse(line);
    if (rv != APR_SUCCESS) {
        eab_result_set(context->result, rv, EAB_PROBLEM_STORE, "%s cannot be written: %s.", path,
                       file_reason(context->pool, rv, path));
        return NULL;
    }
    return password;
}

static int read_password(request_t *request)
{
    context_t *context = request->context;
    const char *file = command_value(context, "password-file");
    const char *fd = command_value(context, "password-fd");
    const char *made = command_value(context, "generate-password");

    if (!request->parcel.format->needs_password)
        return EXIT_FINE;
    if (file != NULL)
        request->parcel.password = parcel_password(file, context->result, context->pool);
    else if (fd != NULL)
        request->parcel.password = read_password_fd(request, fd);
    else if (made != NULL)
        request->parcel.password = generate_password(request, made);
    else
        return refuse(request, EXIT_USAGE,
                      "A PKCS#12 needs a password: --password-file, --password-fd or "
                      "--generate-password.");
    return request->parcel.password != NULL ? EXIT_FINE : EXIT_FAILED;
}

/* What httpd serves, or would. */
static int load(request_t *request)
{
    context_t *context = request->context;
    const char *text = APR_ARRAY_IDX(context->operands, 0, const char *);
    const char *name = name_normalize(context->pool, text, NULL);
    apr_array_header_t *none = apr_array_make(context->pool, 1, sizeof(const char *));
    store_t *store = store_refuse(context->store_dir, NULL, context->pool);
    generation_t *found = NULL;
    apr_status_t rv;

    request->name = name != NULL ? name : text;
    if ((rv = store_judge(context->store_dir, context->result)) != APR_SUCCESS)
        return APR_STATUS_IS_EACCES(rv) ? EXIT_NOT_ALLOWED : EXIT_FAILED;
    rv = generation_find(&found, store, request->name, none, apr_time_now(), context->result,
                         context->pool);
    if (rv != APR_SUCCESS) {
        if (APR_STATUS_IS_ENOENT(rv) || rv == APR_EINVAL)
            eab_result_set(context->result, rv, EAB_PROBLEM_STORE,
                           "There is no certificate called %s in %s that can be used; it is called "
                           "by the first name of its managed domain.",
                           text, context->store_dir);
        return APR_STATUS_IS_EACCES(rv) ? EXIT_NOT_ALLOWED : EXIT_NO_SUCH;
    }
    rv = chain_load(&request->chain, found->chain_path, context->result, context->pool);
    if (rv == APR_SUCCESS)
        rv = keypair_load(&request->key, found->key_path, context->pool);
    if (rv != APR_SUCCESS)
        return refuse(request, APR_STATUS_IS_EACCES(rv) ? EXIT_NOT_ALLOWED : EXIT_FAILED,
                      "Its key cannot be read; exporting is for root.");
    return EXIT_FINE;
}

static int write_files(request_t *request)
{
    context_t *context = request->context;
    const parcel_t *parcel = &request->parcel;
    int count = 0;
    const char *friendly = request->name;
    apr_status_t rv = parcel_make(parcel, request->chain, request->key, friendly, &count,
                                  context->result, context->pool);

    if (rv != APR_SUCCESS)
        return output_failure(context, EXIT_FAILED);
    output_json(context,
                json_pack("{s:s,s:s,s:s,s:i}", "name", request->name, "format",
                          parcel->format->name, "path", parcel->path, "written", count),
                1);
    output_note(context, "%s: %s %s (%s)", request->name, parcel->path,
                count > 0 ? "is written" : "is what it should be already", parcel->format->what);
    return EXIT_FINE;
}

static int run_export(context_t *context)
{
    request_t request = { .context = context };
    int code;

    secret_init();
    if ((code = read_format(&request)) != EXIT_FINE || (code = read_target(&request)) != EXIT_FINE
        || (code = load(&request)) != EXIT_FINE || (code = read_password(&request)) != EXIT_FINE)
        return output_failure(context, code);
    return write_files(&request);
}

static const option_t export_options[] = {
    { "format", "FORMAT", 0,
      "pem (key and chain in one), haproxy (chain and key in one), fullchain, cert, chain, key, "
      "der, "
      "pfx" },
    { "out", "FILE", 0, "where to; replaced as a whole" },
    { "mode", "MODE", 0, "such as 0640; 0600 where the key is in it, else 0644" },
    { "owner", "USER", 0, "of the file" },
    { "group", "GROUP", 0, "of the file" },
    { "pfx-profile", "PROFILE", 0,
      "modern (AES-256), or legacy (3DES) for what is older than Windows Server 2019 or Java "
      "8u301" },
    { "password-file", "FILE", 0, "pfx: the password is its first line; mode 0600" },
    { "password-fd", "N", 0, "pfx: the password comes from this descriptor" },
    { "generate-password", "FILE", 0, "pfx: make a password, and put it into this new file" },
    { "per-name", NULL, 0,
      "pfx: --out is a directory, and gets NAME.pfx for each name of the certificate, as the "
      "central "
      "certificate store of IIS wants them" },
    { NULL, NULL, 0, NULL },
};

const command_t command_export = {
    "export",
    "NAME",
    1,
    1,
    "write a certificate for another program",
    "NAME is the first name of the managed domain; for a further key type with it, as in "
    "www.example.edu+p256. The file is written beside the old one and takes its place in one step. "
    "No link is followed, and each directory above it must belong to root and be writable for "
    "nobody "
    "else.\n\n"
    "For files that shall follow each renewal there is the directive ACMEExport. A Java keystore "
    "is "
    "made of a pfx: keytool -importkeystore -srckeystore FILE -srcstoretype PKCS12 -destkeystore "
    "FILE; Java 9 and newer read the pfx itself.",
    export_options,
    run_export
};
