/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/problembox.h"

#include <apr_strings.h>
#include <string.h>

#include "base/json.h"
#include "httpd/words.h"

static void put_link(html_t *html, const char *url)
{
    if (url == NULL || (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0))
        return;
    html_format(html, "<p>Read: <a rel=\"noreferrer noopener\" href=\"%s\">", url);
    html_format(html, "%s</a></p>\n", url);
}

static const char *describe_type(apr_pool_t *p, const json_t *problem)
{
    const char *type = json_peek_string(problem, "type");
    apr_int64_t status = json_peek_int(problem, "status", 0);

    if (status == 0)
        return type;
    return apr_psprintf(p, "%s%sHTTP %" APR_INT64_T_FMT, type != NULL ? type : "",
                        type != NULL ? ", " : "", status);
}

static const char *subject_of(const json_t *problem)
{
    return json_peek_string(json_object_get(problem, "identifier"), "value");
}

static void put_subproblems(html_t *html, const json_t *list)
{
    json_t *problem = NULL;
    size_t i = 0;

    if (json_array_size(list) == 0)
        return;
    html_put(html, "<ul>\n");
    json_array_foreach(list, i, problem)
    {
        html_format(html, "<li>%s", subject_of(problem));
        html_put(html, subject_of(problem) != NULL ? ": " : "");
        html_quote(html, json_peek_string(problem, "detail"));
        html_format(html, " <span class=\"mono\">%s</span></li>\n",
                    describe_type(html->p, problem));
    }
    html_put(html, "</ul>\n");
}

static void put_attempts(html_t *html, const json_t *problem, apr_time_t now)
{
    const char *since = words_time(html->p, json_peek_time(problem, "since"), now);
    apr_int64_t attempts = json_peek_int(problem, "attempts", 0);

    if (since != NULL)
        html_format(html, "<p>Since %s", since);
    if (since != NULL && attempts > 1)
        html_format(html, ", %s attempts", apr_psprintf(html->p, "%" APR_INT64_T_FMT, attempts));
    if (since != NULL)
        html_put(html, "</p>\n");
}

void problem_box(html_t *html, const json_t *problem, apr_time_t now)
{
    const char *advice = json_peek_string(problem, "advice"), *type = NULL;
    const char *detail = json_peek_string(problem, "detail");

    type = describe_type(html->p, problem);
    if (advice == NULL && detail == NULL && type == NULL)
        return;
    html_put(html, "<div class=\"trouble\">\n");
    if (advice != NULL)
        html_format(html, "<p class=\"advice\">%s</p>\n", advice);
    if (detail != NULL) {
        html_put(html, "<p>");
        html_quote(html, detail);
        html_put(html, "</p>\n");
    }
    if (type != NULL)
        html_format(html, "<p class=\"mono\">%s</p>\n", type);
    put_subproblems(html, json_object_get(problem, "subproblems"));
    put_link(html, json_peek_string(problem, "instance"));
    put_attempts(html, problem, now);
    html_put(html, "</div>\n");
}
