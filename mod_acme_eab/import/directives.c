/* SPDX-License-Identifier: Apache-2.0 */
#include "import/directives.h"

#include <string.h>
#include <apr_strings.h>

#include "base/log.h"
#include "import/intake.h"

#define INDENT "    "
#define KEY_FILE "/etc/apache2/acme/eab.key"

typedef struct printer {
    apr_pool_t *pool;
    apr_array_header_t *lines; /* const char * */
    const apr_array_header_t *items;
    const char *label;
    int accounts; /* how many are used */
} printer_t;

static void print(printer_t *printer, const char *line)
{
    APR_ARRAY_PUSH(printer->lines, const char *) = line;
}

/* What a directive's argument may be: "${" would be looked up by httpd, a quote would end it. */
static int is_value(const char *text)
{
    const char *c = NULL;

    for (c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f || *c == '"' || *c == '\\'
            || (*c == '$' && c[1] == '{'))
            return 0;
    }
    return *text != '\0';
}

/* In quotes where it has to be. NULL when it cannot be one. */
static const char *value_of(apr_pool_t *p, const char *text)
{
    if (!is_value(text))
        return NULL;
    return strpbrk(text, " \t'<>#") != NULL ? apr_pstrcat(p, "\"", text, "\"", NULL) : text;
}

/* A backslash at its end would make the next line part of it. */
static void print_comment(printer_t *printer, const char *indent, const char *text)
{
    print(printer,
          apr_pstrcat(printer->pool, indent, "# ", log_escape(printer->pool, text), ".", NULL));
}

static void print_setting(printer_t *printer, const char *indent, const char *directive,
                          const char *text)
{
    const char *value = value_of(printer->pool, text);

    if (value != NULL)
        print(printer, apr_pstrcat(printer->pool, indent, directive, " ", value, NULL));
    else
        print_comment(printer, indent,
                      apr_pstrcat(printer->pool, directive, " is left out: its value ",
                                  log_escape(printer->pool, text), " cannot stand here", NULL));
}

/* "mailto:a@example.edu mailto:b@example.edu" as arguments. */
static void print_contacts(printer_t *printer, const char *indent, const char *contacts)
{
    char *rest = NULL, *contact = NULL;
    const char *line = apr_pstrcat(printer->pool, indent, "ACMEContact", NULL);
    int any = 0;

    for (contact = contacts != NULL ? apr_strtok(apr_pstrdup(printer->pool, contacts), " ", &rest)
                                    : NULL;
         contact != NULL; contact = apr_strtok(NULL, " ", &rest)) {
        const char *value = value_of(printer->pool, contact);

        if (value == NULL || strchr(contact, '@') == NULL)
            continue;
        line = apr_pstrcat(printer->pool, line, " ", value, NULL);
        any = 1;
    }
    if (any)
        print(printer, line);
}

static const intake_item_t *item_at(const printer_t *printer, int i)
{
    return &APR_ARRAY_IDX(printer->items, i, intake_item_t);
}

static int is_account(const intake_item_t *item)
{
    return item->account != NULL && item->outcome != INTAKE_SKIPPED;
}

static int is_certificate(const intake_item_t *item)
{
    return item->certificate != NULL && item->outcome != INTAKE_SKIPPED;
}

static void print_account(printer_t *printer, const char *indent, const intake_item_t *item)
{
    print_setting(printer, indent, "ACMEServer", item->directory);
    if (item->kid != NULL) {
        print_setting(printer, indent, "ACMEEABKid", item->kid);
        print_comment(printer, indent,
                      "The account is bound already: this file may be empty (install -m 600 "
                      "/dev/null " KEY_FILE ")");
        print_setting(printer, indent, "ACMEEABKey", "file:" KEY_FILE);
    }
    print_contacts(printer, indent, item->account->contacts);
    print(printer, apr_pstrcat(printer->pool, indent, "ACMETermsOfService accepted", NULL));
}

static int has_labels(const printer_t *printer)
{
    return printer->accounts > 1 || (printer->accounts == 1 && printer->label != NULL);
}

/* "imported1", "imported2"; "ca" when there is one. */
static const char *label_of(const printer_t *printer, int number)
{
    const char *label = printer->label != NULL ? printer->label : "imported";

    return printer->accounts == 1 ? label : apr_psprintf(printer->pool, "%s%d", label, number);
}

/* One account is that of all; several have labels. */
static void print_accounts(printer_t *printer)
{
    int i, number = 0;

    for (i = 0; i < printer->items->nelts; i++)
        printer->accounts += is_account(item_at(printer, i));
    for (i = 0; i < printer->items->nelts; i++) {
        const intake_item_t *item = item_at(printer, i);

        if (!is_account(item))
            continue;
        if (!has_labels(printer))
            print_account(printer, "", item);
        else {
            print(printer, apr_pstrcat(printer->pool, "<ACMEAccount ", label_of(printer, ++number),
                                       ">", NULL));
            print_account(printer, INDENT, item);
            print(printer, "</ACMEAccount>");
        }
    }
}

/* The label of the account that a certificate belongs to, or NULL. */
static const char *account_label(const printer_t *printer, const intake_item_t *certificate)
{
    const char *directory = certificate->certificate->directory, *label = NULL;
    const char *url = certificate->certificate->account_url;
    int i, number = 0, matches = 0;

    if (printer->accounts == 1)
        return label_of(printer, 1);
    for (i = 0; i < printer->items->nelts; i++) {
        const intake_item_t *item = item_at(printer, i);

        if (!is_account(item))
            continue;
        number++;
        if (url != NULL && item->account->url != NULL && strcmp(url, item->account->url) == 0)
            return label_of(printer, number);
        if (directory != NULL && strcmp(directory, item->directory) == 0) {
            label = label_of(printer, number);
            matches++;
        }
    }
    return matches == 1 ? label : NULL;
}

/* The key types of all certificates of a domain; that with the plain entry first. */
static const char *key_types(const printer_t *printer, const intake_item_t *first)
{
    const char *types = chain_facts(first->certificate->chain)->key_type;
    const char *prefix = apr_pstrcat(printer->pool, first->entry, "+", NULL);
    int i;

    for (i = 0; i < printer->items->nelts; i++) {
        const intake_item_t *item = item_at(printer, i);

        if (is_certificate(item) && strncmp(item->entry, prefix, strlen(prefix)) == 0)
            types = apr_pstrcat(printer->pool, types, " ", item->entry + strlen(prefix), NULL);
    }
    return types;
}

static void print_certificate(printer_t *printer, const intake_item_t *item)
{
    const found_certificate_t *certificate = item->certificate;
    const char *label = has_labels(printer) ? account_label(printer, item) : NULL;
    int i;

    print(printer, "");
    print(printer, apr_pstrcat(printer->pool, "<ACMEManagedDomain ",
                               apr_array_pstrcat(printer->pool, item->names, ' '), ">", NULL));
    if (label != NULL)
        print(printer, apr_pstrcat(printer->pool, INDENT "ACMEUseAccount ", label, NULL));
    else if (has_labels(printer))
        print_comment(printer, INDENT, "Which account is it of? Name it with ACMEUseAccount");
    print(printer,
          apr_pstrcat(printer->pool, INDENT "ACMEKeyType ", key_types(printer, item), NULL));
    for (i = 0; i < certificate->settings->nelts; i++) {
        const found_setting_t *setting = &APR_ARRAY_IDX(certificate->settings, i, found_setting_t);

        print_setting(printer, INDENT, setting->directive, setting->value);
    }
    for (i = 0; i < certificate->lost->nelts; i++)
        print_comment(printer, INDENT, APR_ARRAY_IDX(certificate->lost, i, const char *));
    print(printer, "</ACMEManagedDomain>");
}

/* Has another entry of the same domain been printed, or will be? */
static int is_further_type(const intake_item_t *item)
{
    return strchr(item->entry, '+') != NULL;
}

const char *directives_print(const found_t *found, const apr_array_header_t *items,
                             const char *label)
{
    printer_t printer = { found->pool, NULL, items, label, 0 };
    int i;

    printer.lines = apr_array_make(found->pool, 32, sizeof(const char *));
    for (i = 0; i < found->settings->nelts; i++) {
        const found_setting_t *setting = &APR_ARRAY_IDX(found->settings, i, found_setting_t);

        print_setting(&printer, "", setting->directive, setting->value);
    }
    for (i = 0; i < found->lost->nelts; i++)
        print_comment(&printer, "", APR_ARRAY_IDX(found->lost, i, const char *));
    print_accounts(&printer);
    for (i = 0; i < items->nelts; i++) {
        if (is_certificate(item_at(&printer, i)) && !is_further_type(item_at(&printer, i)))
            print_certificate(&printer, item_at(&printer, i));
    }
    return printer.lines->nelts > 0 ? apr_pstrcat(
               found->pool, apr_array_pstrcat(found->pool, printer.lines, '\n'), "\n", NULL)
                                    : "";
}
