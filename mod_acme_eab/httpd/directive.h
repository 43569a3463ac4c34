/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_DIRECTIVE_H
#define HTTPD_DIRECTIVE_H

/* httpd/directive.h - the directives that set something: their names, and what each may say. */

#include <apr_pools.h>
#include <apr_tables.h>

#include "httpd/config.h"

/** Check the words (const char *) of a directive, and put them into their final form.
 * @return NULL, or what is wrong with them: a sentence that follows the directive's name */
const char *directive_check(apr_pool_t *p, setting_id_t id, apr_array_header_t *words);

/** Words that are in order may name what is not: a file that is gone, a program that cannot be run.
 * @return NULL, or what is wrong there: a sentence that follows the directive's name */
const char *directive_trouble(apr_pool_t *p, setting_id_t id, const apr_array_header_t *words);

const char *directive_name(setting_id_t id);

/** The directive of that name, in any case; SETTING_COUNT when there is none. */
setting_id_t directive_find(const char *name);

#endif
