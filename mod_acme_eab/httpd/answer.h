/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_ANSWER_H
#define HTTPD_ANSWER_H

/* httpd/answer.h - answers to http-01 validations (RFC 8555, 8.3; checklist 1.10).
 *
 * The agent writes ACMERunDir/challenges/<host>/<token>; a worker sends it, byte for byte. It does
 * so before anything else looks at the request: authentication, rewriting, proxying, and mod_ssl's
 * 503 while only the fallback certificate is there. A token that is not pending for its host is
 * declined, so that the webroot of another ACME client works. */

#include <httpd.h>

int answer_post_read_request(request_rec *r);

/** Tell when another module has answered a validator before that. */
int answer_log_transaction(request_rec *r);

#endif
