/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_VERIFY_H
#define CLI_VERIFY_H

/* cli/verify.h - import --verify: does the CA know the accounts that are to be imported, by their keys
 * (RFC 8555, 7.3.1)? acmectl has no network and the agent no keys, so a keeper is started as where no httpd
 * runs, with a store of its own beside the real one, which holds nothing but these accounts and goes when it
 * is over. The real store is not touched, and may be that of an httpd that runs. */

#include "cli/command.h"
#include "import/found.h"
#include "import/intake.h"

/** Ask for those that would be imported, each at its CA. One that is not vouched for gets the reason why it
 * cannot be used (found_account_t), and one whose URL was not told gets the one that the CA says.
 * @param items    what intake() would do with found
 * @param options  of it
 * @param prefused how many the CA does not vouch for, or could not be asked about
 * @return APR_SUCCESS; else nobody could be asked, and why is in context->result */
apr_status_t verify_accounts(context_t *context, const found_t *found,
                             const apr_array_header_t *items, const intake_options_t *options,
                             int *prefused);

#endif
