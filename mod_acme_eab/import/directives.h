/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORT_DIRECTIVES_H
#define IMPORT_DIRECTIVES_H

/* import/directives.h - the lines of httpd.conf for what was imported: with them in its configuration
 * httpd uses the imported accounts, and serves and renews the imported certificates. What had another
 * setting without a counterpart says so in a comment. The text of another program becomes a value only
 * in quotes, and where it cannot be more than a value. */

#include <apr_tables.h>

#include "import/found.h"

/** @param items as intake() returned them; what was skipped is left out
 * @param label of the account, so that it has a place beside others; of several, the beginning. NULL: a
 *              single account is that of the whole server
 * @return lines with a newline at the end of each, in found's pool */
const char *directives_print(const found_t *found, const apr_array_header_t *items,
                             const char *label);

#endif
