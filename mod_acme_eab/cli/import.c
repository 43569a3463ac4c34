/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl import - accounts and certificates of another ACME client into the store. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/verify.h"
#include "export/parcel.h"
#include "import/directives.h"
#include "import/format.h"
#include "import/intake.h"
#include "store/lock.h"

typedef struct request {
    context_t *context;
    const format_t *format;
    format_options_t source;
    intake_options_t intake;
    int refused; /* accounts that the CA does not vouch for */
} request_t;

static const char *list_formats(apr_pool_t *p)
{
    const char *text = "";
    const format_t *format = NULL;

    for (format = formats; format->name != NULL; format++)
        text = apr_pstrcat(p, text, *text != '\0' ? ", " : "", format->name, NULL);
    return text;
}

static int refuse(const request_t *request, const char *sentence)
{
    eab_result_set(request->context->result, APR_EINVAL, EAB_PROBLEM_STORE, "%s", sentence);
    return EXIT_USAGE;
}

static int is_label(const char *text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

    return strspn(text, letters) == strlen(text);
}

static int read_request(request_t *request)
{
    const context_t *context = request->context;
    const char *name = APR_ARRAY_IDX(context->operands, 0, const char *);
    const char *label = command_value(context, "label");

    if ((request->format = format_find(name)) == NULL)
        return refuse(request, apr_psprintf(context->pool, "%s is no format; they are %s.", name,
                                            list_formats(context->pool)));
    if (label != NULL && !is_label(label))
        return refuse(request, "A label is made of letters, digits, - and _.");
    if (context->operands->nelts > 1)
        request->source.path = APR_ARRAY_IDX(context->operands, 1, const char *);
    request->source.directory = command_value(context, "directory");
    request->source.kid = command_value(context, "kid");
    request->source.account_url = command_value(context, "account-url");
    request->source.key_path = command_value(context, "key");
    request->source.home = getenv("HOME");
    request->intake.directory = request->source.directory;
    request->intake.kid = request->source.kid;
    request->intake.account_url = request->source.account_url;
    request->intake.accounts =
        command_has(context, "account") || !command_has(context, "certificates");
    request->intake.certificates =
        command_has(context, "certificates") || !command_has(context, "account");
    request->intake.dry_run = command_has(context, "dry-run");
    request->intake.now = apr_time_now();
    return EXIT_FINE;
}

static int read_password(request_t *request)
{
    context_t *context = request->context;
    const char *path = command_value(context, "password-file");

    if (path == NULL)
        return EXIT_FINE;
    request->source.passphrase = parcel_password(path, context->result, context->pool);
    return request->source.passphrase != NULL ? EXIT_FINE : EXIT_FAILED;
}

/* ---- the report ------------------------------------------------------------------------------ */

static const char *kind_of(const intake_item_t *item)
{
    return item->account != NULL ? "account" : "certificate";
}

/* With --print-config only the lines are on standard output, fit for a file. */
static void print_items(const request_t *request, const apr_array_header_t *items)
{
    apr_pool_t *p = request->context->pool;
    FILE *out = command_has(request->context, "print-config") ? stderr : stdout;
    int counts[3] = { 0 }, i;

    for (i = 0; i < items->nelts; i++) {
        const intake_item_t *item = &APR_ARRAY_IDX(items, i, intake_item_t);

        counts[item->outcome]++;
        fprintf(out,
                request->context->plain ? "%s\t%s\t%s\t%s%s%s\n" : "%-20s  %-11s  %s  (%s)%s%s\n",
                intake_outcome_word(item->outcome), kind_of(item), log_escape(p, item->name),
                log_escape(p, item->path),
                request->context->plain ? "\t" : (item->why != NULL ? ": " : ""),
                log_escape(p, item->why));
    }
    if (!request->context->plain)
        fprintf(out, "%d %s, %d kept, %d skipped.\n", counts[INTAKE_IMPORTED],
                request->intake.dry_run ? "would be imported" : "imported", counts[INTAKE_KEPT],
                counts[INTAKE_SKIPPED]);
}

static json_t *items_to_json(const apr_array_header_t *items)
{
    static const char *const words[] = { "imported", "kept", "skipped" };
    json_t *list = json_array();
    int i;

    for (i = 0; i < items->nelts; i++) {
        const intake_item_t *item = &APR_ARRAY_IDX(items, i, intake_item_t);
        json_t *entry = json_object();

        json_put_string(entry, "kind", kind_of(item));
        json_put_string(entry, "name", item->name);
        json_put_string(entry, "path", item->path);
        json_put_string(entry, "result", words[item->outcome]);
        json_put_string(entry, "why", item->why);
        json_array_append_new(list, entry);
    }
    return list;
}

/* Something was of use, and nothing was refused that was to be looked up. */
static int is_done(const request_t *request, const apr_array_header_t *items)
{
    int i;

    for (i = 0; request->refused == 0 && i < items->nelts; i++) {
        if (APR_ARRAY_IDX(items, i, intake_item_t).outcome != INTAKE_SKIPPED)
            return 1;
    }
    return 0;
}

static int report(const request_t *request, const found_t *found, const apr_array_header_t *items)
{
    const context_t *context = request->context;
    const char *config = command_has(context, "print-config")
                             ? directives_print(found, items, command_value(context, "label"))
                             : NULL;
    json_t *json =
        json_pack("{s:b,s:o}", "dry_run", request->intake.dry_run, "results", items_to_json(items));

    json_put_string(json, "config", config);
    output_json(context, json, is_done(request, items));
    if (context->json)
        return is_done(request, items) ? EXIT_FINE : EXIT_FAILED;
    print_items(request, items);
    if (config != NULL)
        fputs(config, stdout);
    if (is_done(request, items) && found->disable != NULL && !context->plain && !context->quiet)
        fprintf(config != NULL ? stderr : stdout, "%s.\n", found->disable);
    if (is_done(request, items) && config == NULL && !context->plain)
        output_note(context, "The lines for httpd's configuration: the same command with --dry-run "
                             "--print-config.");
    return is_done(request, items) ? EXIT_FINE : EXIT_FAILED;
}

/* ---- the store ------------------------------------------------------------------------------- */

/* The lock of a store that is to be written: httpd's keeper has it as long as httpd runs. */
static apr_status_t lock(const store_t *store, eab_result_t *result, apr_pool_t *p)
{
    lock_owner_t self = lock_owner_make((int)getpid(), 0, NULL, p);
    int fd = -1;
    apr_status_t rv = lock_take(&fd, store, -1, &self, result, p);

    if (rv == APR_EBUSY)
        eab_result_set(result, rv, EAB_PROBLEM_STORE,
                       "The store %s is in use by a running httpd. Stop httpd, import, and start "
                       "it again; with --dry-run it can run.",
                       store->dir);
    return rv;
}

static apr_status_t open_store(store_t **pstore, const request_t *request)
{
    const context_t *context = request->context;
    apr_status_t rv = APR_SUCCESS;

    if (request->intake.dry_run) { /* nothing is made, also when there is no store yet */
        *pstore = store_refuse(context->store_dir, NULL, context->pool);
        return store_judge(context->store_dir, context->result);
    }
    rv = store_open(pstore, context->store_dir, context->result, context->pool);
    return rv == APR_SUCCESS ? lock(*pstore, context->result, context->pool) : rv;
}

/* What would be imported, if the CA knows it. */
static apr_status_t verify(request_t *request, const found_t *found, const store_t *store)
{
    intake_options_t tried = request->intake;

    tried.dry_run = 1;
    return verify_accounts(request->context, found, intake(found, store, &tried), &tried,
                           &request->refused);
}

static int code_of(apr_status_t rv)
{
    return APR_STATUS_IS_EACCES(rv) || rv == EPERM ? EXIT_NOT_ALLOWED : EXIT_FAILED;
}

static int import(request_t *request)
{
    context_t *context = request->context;
    found_t *found = found_make(context->pool);
    store_t *store = NULL;
    apr_status_t rv = format_read(found, request->format, &request->source, context->result);

    if (rv != APR_SUCCESS)
        return output_failure(context, code_of(rv));
    if (found->accounts->nelts + found->certificates->nelts == 0) {
        eab_result_set(context->result, APR_ENOENT, EAB_PROBLEM_STORE,
                       "There is nothing of %s in %s.", request->format->name,
                       request->source.path != NULL ? request->source.path : request->format->path);
        return output_failure(context, EXIT_FAILED);
    }
    if ((rv = open_store(&store, request)) != APR_SUCCESS)
        return output_failure(context, code_of(rv));
    if (command_has(context, "verify") && (rv = verify(request, found, store)) != APR_SUCCESS)
        return output_failure(context, code_of(rv));
    return report(request, found, intake(found, store, &request->intake));
}

static int run_import(context_t *context)
{
    request_t request = { .context = context };
    int code;

    secret_init();
    if ((code = read_request(&request)) != EXIT_FINE
        || (code = read_password(&request)) != EXIT_FINE)
        return output_failure(context, code);
    return import(&request);
}

static const option_t import_options[] = {
    { "dry-run", NULL, 0, "only say what would be done" },
    { "verify", NULL, 0,
      "ask the CA for each account whether it knows its key, by that URL, and refuse it if not; no "
      "EAB key is used" },
    { "ca-certificate", "FILE", 0,
      "with --verify: the CAs to trust, as ACMECACertificateFile, if the CA is not configured "
      "yet" },
    { "proxy", "URL", 0, "with --verify: as ACMEProxy, the same" },
    { "print-config", NULL, 0,
      "print the lines for httpd's configuration, and what has no counterpart; all else goes to "
      "standard error" },
    { "label", "LABEL", 0, "with --print-config: an <ACMEAccount LABEL>, to stand beside others" },
    { "account", NULL, 0, "accounts only" },
    { "certificates", NULL, 0, "certificates only" },
    { "directory", "URL", 0, "the CA's directory, byte for byte, where the files do not tell it" },
    { "kid", "KID", 0, "the EAB key id of the account, where the files do not tell it" },
    { "account-url", "URL", 0, "of several accounts the one with this URL" },
    { "key", "FILE", 0, "pem: the private key, where it has a file of its own" },
    { "password-file", "FILE", 0, "pem, pfx: the password is its first line; mode 0600" },
    { NULL, NULL, 0, NULL },
};

const command_t command_import = {
    "import",
    "FORMAT [PATH]",
    1,
    2,
    "take over accounts and certificates of another ACME client",
    "FORMAT is certbot, acme.sh, lego, mod_md, dehydrated, caddy, traefik, posh-acme, haproxy, pem "
    "or "
    "pfx. PATH is its directory, or its file (traefik, haproxy, pem, pfx); where the client has a "
    "usual place, that is taken without one. Nothing there is changed, and httpd's configuration "
    "is "
    "not written.\n\n"
    "Of each account and each certificate it is said whether it was imported, was there already, "
    "or "
    "was skipped, and why. What the store has is not replaced by anything older. Afterwards httpd "
    "goes on with these accounts and certificates: it registers nothing and orders nothing before "
    "a "
    "renewal is due. docs/migrating.md has a section for each client.\n\n"
    "httpd must not run with this store meanwhile; with --dry-run it may.",
    import_options,
    run_import
};
