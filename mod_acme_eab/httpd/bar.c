/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/bar.h"

#include <apr_strings.h>

/* Of WHOLE. Without a renewal that is known it is late with less than a third. */
#define WHOLE 1000
#define LATE 300
#define TOO_LATE 150
#define NOTCH 8

static int part_of(apr_int64_t part, apr_int64_t whole)
{
    return part <= 0 ? 0 : part >= whole ? WHOLE : (int)(part * WHOLE / whole);
}

void bar_put(html_t *html, apr_time_t from, apr_time_t until, apr_time_t renewal, apr_time_t now)
{
    apr_int64_t life = apr_time_sec(until - from);
    int left = 0, notch = 0;
    const char *class = "ok";

    if (from == 0 || life <= 0)
        return;
    left = part_of(apr_time_sec(until - now), life);
    notch = renewal > from && renewal < until ? part_of(apr_time_sec(until - renewal), life) : 0;
    if (notch > 0 ? now > renewal : left < LATE)
        class = left < TOO_LATE ? "bad" : "late";
    html_put(html,
             apr_psprintf(html->p,
                          "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" "
                          "role=\"img\" aria-label=\"%d%% of its life left\">"
                          "<rect class=\"%s\" width=\"%d\" height=\"10\"/>",
                          left / 10, class, left));
    if (notch > 0)
        html_put(html, apr_psprintf(html->p,
                                    "<rect class=\"notch\" x=\"%d\" width=\"%d\" height=\"10\"/>",
                                    notch - NOTCH / 2, NOTCH));
    html_put(html, "</svg>\n");
}
