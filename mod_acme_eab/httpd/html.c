/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/html.h"

#include <apr_strings.h>
#include <string.h>

html_t html_begin(apr_pool_t *p)
{
    html_t html = { p, apr_array_make(p, 256, sizeof(const char *)) };

    return html;
}

const char *html_end(const html_t *html)
{
    return apr_array_pstrcat(html->p, html->parts, 0);
}

void html_put(html_t *html, const char *text)
{
    APR_ARRAY_PUSH(html->parts, const char *) = text;
}

void html_format(html_t *html, const char *format, const char *text)
{
    const char *hole = strstr(format, "%s");

    html_put(html, apr_pstrmemdup(html->p, format, (apr_size_t)(hole - format)));
    html_put(html, html_escape(html->p, text));
    html_put(html, hole + 2);
}

void html_quote(html_t *html, const char *text)
{
    html_format(html, "<bdi>%s</bdi>", text);
}

void html_row(html_t *html, const char *term, const char *text, const char *class)
{
    if (text == NULL || *text == '\0')
        return;
    html_format(html, "<dt>%s</dt>", term);
    html_format(html, "<dd class=\"%s\">", class);
    html_quote(html, text);
    html_put(html, "</dd>\n");
}

static const char *entity_of(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return (c < ' ' && c != '\n' && c != '\t') || c == 0x7f ? "\xef\xbf\xbd" : NULL;
    }
}

const char *html_escape(apr_pool_t *p, const char *text)
{
    char *escaped = NULL, *to = NULL;

    if (text == NULL)
        return "";
    to = escaped = apr_palloc(p, strlen(text) * 6 + 1);
    for (; *text != '\0'; ++text) {
        const char *entity = entity_of((unsigned char)*text);

        if (entity != NULL)
            to = apr_cpystrn(to, entity, 7);
        else
            *to++ = *text;
    }
    *to = '\0';
    return escaped;
}
