/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_JANITOR_H
#define KEEPER_JANITOR_H

/* keeper/janitor.h - looks after the run directory while httpd runs: whoever cleans up the machine
 * may take it away, and its user, who is not trusted, may make a mess of it. The agent cannot make it
 * again, since the directory that holds it is root's. */

#include "keeper/agent_process.h"
#include "keeper/means.h"

/** Look at it every few seconds from now on, make it again when there is need, and start the agent
 * anew then: it puts its answers and the status back. What is wrong is told once. */
void janitor_start(const means_t *means, agent_process_t *agent);

#endif
