/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

const command_t *const command_table[] = {
    &command_status,  &command_show,        &command_log,
    &command_check,   &command_renew,       &command_retry,
    &command_revoke,  &command_compromised, &command_delete,
    &command_account, &command_import,      &command_export,
    &command_backup,  &command_restore,     &command_events,
    &command_metrics, &command_monitor,     &command_completion,
    &command_version, &command_help,        NULL,
};

const option_t command_globals[] = {
    { "json", NULL, 0, "one JSON object, for programs" },
    { "plain", NULL, 0, "lines of fields with a tab between them, for scripts" },
    { "color", "WHEN", 0,
      "auto, always or never; auto is never where NO_COLOR is set, or in a pipe" },
    { "quiet", NULL, 0, "say nothing but what is wrong (-q)" },
    { "yes", NULL, 0, "do not ask (-y)" },
    { "utc", NULL, 0, "times in UTC; JSON always has them so" },
    { "columns", "LIST", 0,
      "of a table: which, in which order, by the words of its first line: state,name,next" },
    { "no-legend", NULL, 0, "of a table: no first line, and no sum" },
    { "no-pager", NULL, 0,
      "do not show long text with $ACMECTL_PAGER, $PAGER or less; without a terminal nobody does" },
    { "instance", "NAME", 0,
      "the store and the run directory of that name, for several httpd on one "
      "machine: " DEFAULT_STORE_DIR "-NAME and " DEFAULT_RUN_DIR "-NAME" },
    { "store", "DIR", 0, "ACMEStoreDir, where it is another one; or $ACME_STORE_DIR" },
    { "run", "DIR", 0, "ACMERunDir, where it is another one; or $ACME_RUN_DIR" },
    { "help", NULL, 0, "what the command does (-h)" },
    { "version", NULL, 0, "the version of acmectl (-V)" },
    { NULL, NULL, 0, NULL },
};
