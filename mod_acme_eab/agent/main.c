/* SPDX-License-Identifier: Apache-2.0 */

/* acme-eab-agent - speaks to the CA and holds no secret. Started by the keeper with a socket as
 * standard input; its arguments are the user and group to become, or none. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_general.h>

#include "agent/agent.h"
#include "agent/sandbox.h"
#include "base/log.h"
#include "base/process.h"

#define BRIEF_PATIENCE apr_time_from_sec(60)

static int drop_to(const char *uid, const char *gid)
{
    int error = sandbox_drop((uid_t)strtoul(uid, NULL, 10), (gid_t)strtoul(gid, NULL, 10));

    if (error != 0) {
        log_line(LOG_LEVEL_ERROR, "The agent cannot become uid %s, gid %s: %s", uid, gid,
                 strerror(error));
    }
    return error;
}

static int serve(apr_pool_t *p)
{
    agent_t *agent = NULL;
    eab_result_t *result = eab_result_make(p);
    link_t *link = link_make(p, 0, agent_hear_news, &agent);
    brief_t *brief = link_receive_brief(link, BRIEF_PATIENCE, result, p);

    if (brief == NULL) {
        if (!APR_STATUS_IS_EOF(result->rv)) {
            log_line(LOG_LEVEL_ERROR, "The agent ends: %s", result->detail);
        }
        return 1;
    }
    log_set_level(brief->log_level);
    if ((agent = agent_make(link, brief, p)) == NULL) {
        log_line(LOG_LEVEL_ERROR, "libcurl could not be set up");
        return 1;
    }
    agent_run(agent);
    return 0;
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool = NULL;
    int status = 1;

    if ((argc != 1 && argc != 3) || isatty(0)) {
        fprintf(stderr, "acme-eab-agent is started by acme-eab-keeper, not by hand.\n");
        return 2;
    }
    sandbox_enter();
    if (argc == 3 && drop_to(argv[1], argv[2]) != 0) {
        return 1;
    }
    apr_initialize();
    apr_pool_create(&pool, NULL);
    process_keep_little(pool);
    status = serve(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return status;
}
