# SPDX-License-Identifier: Apache-2.0
"""Link headers, as RFC 8288 lets them be written."""

import re

LINK = re.compile(r'<([^>]*)>;rel="([^"]*)"')


def rewrite(values, directory, form):
    """The same links and one to the directory. form: plain (a header each), joined (one header),
    bare (rel without quotes), several (rels in one value), relative (URLs without host)."""
    links = [LINK.fullmatch(value).groups() for value in (*values, f'<{directory}>;rel="index"')]
    if form == "several":
        links = [(url, f"https://ca.example/rel {rel}") for url, rel in links]
    if form == "relative":
        links = [(re.sub(r"^https://[^/]*", "", url) or "/", rel) for url, rel in links]
    if form == "bare":
        return [f"<{url}>; rel={rel}" for url, rel in links]
    if form == "joined":
        return [", ".join(f'<{url}>;title="a, b; c";rel="{rel}"' for url, rel in links)]
    return [f'<{url}>;rel="{rel}"' for url, rel in links]
