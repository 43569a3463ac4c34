/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl delete - a certificate that is not configured any more goes from the store. */

#include <apr_strings.h>

#include "base/json.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/table.h"

static void hear(void *baton, const json_t *part)
{
    const context_t *context = baton;

    output_note(context, "%s: removed", json_peek_string(part, "name"));
}

static int run(context_t *context)
{
    json_t *arguments = json_object();
    int code;

    json_put_strings(arguments, "names", context->operands);
    if (!output_ask(context,
                    "The certificates and their private keys are removed for good. Go on?")) {
        json_decref(arguments);
        eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                       "Nothing was removed. Say --yes where nobody can be asked.");
        return output_failure(context, EXIT_USAGE);
    }
    code = door_ask(context, "delete", arguments, apr_time_from_sec(60), hear, context, NULL);
    output_json(context, json_object(), code == EXIT_FINE);
    return code == EXIT_FINE ? code : output_failure(context, code);
}

const command_t command_delete = {
    "delete",
    "NAME...",
    1,
    -1,
    "remove certificates that are not configured any more",
    "Certificates, private keys and unfinished orders of a managed domain that was taken out of "
    "the "
    "configuration; \"acmectl status --all\" lists them. A configured one is refused, with its "
    "place in the "
    "configuration. No CA is told: a certificate that nobody may use any more is revoked before.",
    NULL,
    run
};
