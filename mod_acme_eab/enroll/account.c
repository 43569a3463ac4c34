/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/account.h"

#include <string.h>

#include <apr_strings.h>

#include "base/json.h"

#define ID_DIGITS 18

static const char *text_of(const json_t *json, const char *name)
{
    const char *text = json_peek_string(json, name);

    return text != NULL ? text : "";
}

int account_read(account_t *account, const json_t *json, apr_pool_t *p)
{
    apr_int64_t id = json_peek_int(json, "id", 0);

    memset(account, 0, sizeof(*account));
    account->id = apr_psprintf(p, "%" APR_INT64_T_FMT, id);
    account->name = text_of(json, "name");
    account->server = text_of(json, "acmeServer");
    account->status = text_of(json, "status");
    account->mac_id = text_of(json, "macId");
    account->mac_key = text_of(json, "macKey");
    account->organization = json_peek_int(json, "organizationId", 0);
    return id > 0 && *account->name != '\0';
}

int account_server_read(account_server_t *server, const json_t *json)
{
    server->name = text_of(json, "name");
    server->url = text_of(json, "url");
    server->validation = text_of(json, "certValidationType");
    return *server->name != '\0' && *server->url != '\0';
}

/* Nobody writes the slash at the end of a URL with care. */
static int same_url(const char *a, const char *b)
{
    apr_size_t len = strlen(a);
    apr_size_t other = strlen(b);

    while (len > 0 && a[len - 1] == '/')
        --len;
    while (other > 0 && b[other - 1] == '/')
        --other;
    return len == other && strncmp(a, b, len) == 0;
}

static int is_called(const account_server_t *server, const char *text)
{
    return strcmp(server->name, text) == 0 || same_url(server->url, text);
}

int account_server_find(account_server_t *server, const json_t *list, const char *text)
{
    size_t i;

    for (i = 0; i < json_array_size(list); ++i) {
        if (account_server_read(server, json_array_get(list, i)) && is_called(server, text))
            return 1;
    }
    return 0;
}

int account_is_at(const account_t *account, const account_server_t *server)
{
    return is_called(server, account->server);
}

apr_array_header_t *account_find(const json_t *list, const char *name, apr_pool_t *p)
{
    apr_array_header_t *found = apr_array_make(p, 2, sizeof(account_t));
    account_t account;
    size_t i;

    for (i = 0; i < json_array_size(list); ++i) {
        if (account_read(&account, json_array_get(list, i), p) && strcmp(account.name, name) == 0)
            APR_ARRAY_PUSH(found, account_t) = account;
    }
    return found;
}

const char *account_id_of(const char *location, apr_pool_t *p)
{
    apr_size_t len = location != NULL ? strlen(location) : 0;
    apr_size_t start;

    while (len > 0 && location[len - 1] == '/')
        --len;
    for (start = len; start > 0 && location[start - 1] != '/'; --start)
        continue;
    if (start == 0 || len == start || len - start > ID_DIGITS
        || strspn(location + start, "0123456789") < len - start)
        return NULL;
    return apr_pstrmemdup(p, location + start, len - start);
}

apr_array_header_t *account_not_added(const json_t *json, apr_pool_t *p)
{
    return json_copy_strings(p, json, "notAddedDomains");
}

json_t *account_domains(const apr_array_header_t *names, int first, int count)
{
    json_t *domains = json_array();
    int i;

    for (i = first; i < names->nelts && i < first + count; ++i)
        json_array_append_new(domains,
                              json_pack("{s:s}", "name", APR_ARRAY_IDX(names, i, const char *)));
    return json_pack("{s:o}", "domains", domains);
}
