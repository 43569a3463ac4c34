/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PAGER_H
#define CLI_PAGER_H

/* cli/pager.h - what is longer than a terminal is shown by a pager: $ACMECTL_PAGER, $PAGER, or less. */

#include "cli/command.h"

/** Standard output goes to a pager from now on, where it is a terminal, the command only shows something, and
 * nobody has said --no-pager. What cannot be started is done without. */
void pager_begin(const context_t *context);

/** Let whoever reads finish. */
void pager_end(void);

#endif
