/* SPDX-License-Identifier: Apache-2.0 */
#include "import/assignment.h"

#include <string.h>
#include <apr_strings.h>

/* A part of a text. */
typedef struct span {
    const char *at;
    const char *end;
} span_t;

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void trim(span_t *span)
{
    while (span->at < span->end && is_blank(*span->at))
        span->at++;
    while (span->at < span->end && is_blank(span->end[-1]))
        span->end--;
}

/* A line with a NUL in it is passed over. @return 0 when there is no further line */
static int next_line(span_t *rest, span_t *line)
{
    const char *newline = NULL;

    do {
        if (rest->at >= rest->end)
            return 0;
        newline = memchr(rest->at, '\n', (size_t)(rest->end - rest->at));
        line->at = rest->at;
        line->end = newline != NULL ? newline : rest->end;
        rest->at = newline != NULL ? newline + 1 : rest->end;
    } while (memchr(line->at, '\0', (size_t)(line->end - line->at)) != NULL);
    return 1;
}

static span_t span_of(const secret_t *text)
{
    const char *data = (const char *)text->data;
    span_t span = { data, data != NULL ? data + text->len : data };

    return span;
}

static int same_key(const span_t *name, const char *key)
{
    size_t len = strlen(key), i;

    if ((size_t)(name->end - name->at) != len)
        return 0;
    for (i = 0; i < len; i++) {
        if ((name->at[i] == '-' ? '_' : name->at[i]) != key[i])
            return 0;
    }
    return 1;
}

/* Split at the first "=". @return 0 when there is none */
static int split(const span_t *line, span_t *name, span_t *value)
{
    const char *equals = memchr(line->at, '=', (size_t)(line->end - line->at));

    if (equals == NULL)
        return 0;
    name->at = line->at;
    name->end = equals;
    value->at = equals + 1;
    value->end = line->end;
    return 1;
}

static const char *copy(apr_pool_t *p, const span_t *span)
{
    return apr_pstrmemdup(p, span->at, (apr_size_t)(span->end - span->at));
}

const char *assignment_ini(apr_pool_t *p, const secret_t *text, const char *key)
{
    span_t rest = span_of(text), line, name, value;
    const char *found = NULL;

    while (next_line(&rest, &line)) {
        trim(&line);
        if (line.at == line.end || *line.at == '#' || *line.at == ';' || *line.at == '['
            || !split(&line, &name, &value))
            continue;
        trim(&name);
        trim(&value);
        if (!same_key(&name, key))
            continue;
        if (value.end - value.at >= 2 && (*value.at == '"' || *value.at == '\'')
            && value.end[-1] == *value.at) {
            value.at++;
            value.end--;
        }
        found = copy(p, &value);
        return *found != '\0' && strcmp(found, "None") != 0 ? found : NULL;
    }
    return NULL;
}

static int is_special(char c)
{
    return c == '$' || c == '`' || c == '\\';
}

/* One shell word; nothing but blanks and a comment may follow it. */
static const char *take_word(apr_pool_t *p, span_t value)
{
    char quote = value.at < value.end && (*value.at == '\'' || *value.at == '"') ? *value.at : '\0';
    span_t word = value;

    if (quote != '\0') {
        word.at++;
        word.end = memchr(word.at, quote, (size_t)(value.end - word.at));
        if (word.end == NULL)
            return NULL;
        value.at = word.end + 1;
    }
    else {
        for (word.end = word.at; word.end < value.end && !is_blank(*word.end); word.end++) {
            if (strchr("'\";&|<>()*?[]{}~!", *word.end) != NULL)
                return NULL;
        }
        value.at = word.end;
    }
    for (const char *c = word.at; quote != '\'' && c < word.end; c++) {
        if (is_special(*c))
            return NULL;
    }
    if (value.at < value.end && !is_blank(*value.at))
        return NULL;
    trim(&value);
    if (value.at < value.end && *value.at != '#')
        return NULL;
    return copy(p, &word);
}

const char *assignment_shell(apr_pool_t *p, const secret_t *text, const char *key)
{
    static const char export[] = "export ";
    span_t rest = span_of(text), line, name, value;
    const char *found = NULL;

    while (next_line(&rest, &line)) {
        trim(&line);
        if ((size_t)(line.end - line.at) > strlen(export)
            && memcmp(line.at, export, strlen(export)) == 0)
            line.at += strlen(export);
        trim(&line);
        if (split(&line, &name, &value) && (size_t)(name.end - name.at) == strlen(key)
            && memcmp(name.at, key, strlen(key)) == 0)
            found = take_word(p, value);
    }
    return found != NULL && *found != '\0' ? found : NULL;
}
