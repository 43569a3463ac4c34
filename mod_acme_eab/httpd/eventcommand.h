/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_EVENTCOMMAND_H
#define HTTPD_EVENTCOMMAND_H

/* httpd/eventcommand.h - ACMEEventCommand USER EVENTS PROGRAM [ARGUMENT ...]: what its words (const char *)
 * may be. */

#include <apr_pools.h>
#include <apr_tables.h>

/** @return NULL, or what is wrong with the words: a sentence that follows the directive's name */
const char *eventcommand_refusal(apr_pool_t *p, const apr_array_header_t *words);

/** @return NULL, or what is wrong with what they name: the user, the program */
const char *eventcommand_trouble(apr_pool_t *p, const apr_array_header_t *words);

#endif
