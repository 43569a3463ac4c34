/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

/* cli/table.h - the rows of all commands, each in the file of its name. */

#include "cli/command.h"

extern const command_t command_help;
extern const command_t command_renew;
extern const command_t command_retry;
extern const command_t command_version;

#endif
