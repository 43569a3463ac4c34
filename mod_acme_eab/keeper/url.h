/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_URL_H
#define KEEPER_URL_H

/* keeper/url.h - URLs that the agent names: they are signed and stored, so they are looked at here
 * again, whatever the agent did with them. */

/** True for "https://", a host and printable ASCII without spaces, at most LIMIT_URL. */
int url_is_https(const char *url);

/** True when both are https URLs at one CA: the same port, and the same host or two hosts of one domain
 * (acme.ca.example and api.ca.example, but not ca.example and other.example). */
int url_is_beside(const char *url, const char *other);

/** True for printable ASCII without spaces, at most LIMIT_URL: any URL that may be stored. */
int url_is_plain(const char *url);

#endif
