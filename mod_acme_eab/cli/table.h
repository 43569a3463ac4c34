/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

/* cli/table.h - the rows of all commands, each in the file of its name. */

#include "cli/command.h"

extern const command_t command_account;
extern const command_t command_backup;
extern const command_t command_compromised;
extern const command_t command_check;
extern const command_t command_delete;
extern const command_t command_completion;
extern const command_t command_events;
extern const command_t command_export;
extern const command_t command_help;
extern const command_t command_import;
extern const command_t command_log;
extern const command_t command_metrics;
extern const command_t command_monitor;
extern const command_t command_renew;
extern const command_t command_restore;
extern const command_t command_retry;
extern const command_t command_revoke;
extern const command_t command_show;
extern const command_t command_status;
extern const command_t command_version;

#endif
