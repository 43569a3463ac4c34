/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORT_ASSIGNMENT_H
#define IMPORT_ASSIGNMENT_H

/* import/assignment.h - one value of a file of assignments. Only what is asked for is copied out of
 * the text, which may hold secrets. Files of shell assignments, which their own clients have a shell
 * execute, are parsed here and executed by nobody: a value that a shell would have to compute is
 * unknown. */

#include <apr_pools.h>

#include "crypto/secret.h"

/** "key = value" lines with "#" comments and "[sections]", as certbot writes them; "-" and "_" in a
 * key are the same, quotes around a value go, "None" is none. The first one counts.
 * @return in p; NULL when it is not there */
const char *assignment_ini(apr_pool_t *p, const secret_t *text, const char *key);

/** key='value', key="value" or key=value at the beginning of a line, "export" in front or not. The
 * last one counts.
 * @return in p; NULL when it is not there, or holds "$", a backquote, or anything else that makes it
 *         more than one word */
const char *assignment_shell(apr_pool_t *p, const secret_t *text, const char *key);

#endif
