/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

/* cli/help.h - usage of one command, and the list of all. */

#include "cli/command.h"

void help_print(const context_t *context, const command_t *command);
void help_print_all(const context_t *context);

#endif
