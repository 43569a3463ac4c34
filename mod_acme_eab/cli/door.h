/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DOOR_H
#define CLI_DOOR_H

/* cli/door.h - the way to the keeper (ipc/control.h). Where no httpd runs, a keeper is started for the act
 * and ends with it. When httpd is restarted in the middle, it is asked again, by the same id, for half a
 * minute. */

#include "cli/command.h"

/** There is something new of a part; a later one of the same "key" is in the place of the earlier. */
typedef void door_part_fn(void *baton, const json_t *part);

/** Have something done.
 * @param arguments what the command of the keeper takes; given away
 * @param wait      until it is over, but no longer than that; 0: until it is begun
 * @param part      may be NULL
 * @param pparts    all parts by their keys, an object in the pool of the context; may be NULL
 * @return EXIT_FINE: it is done, or begun; EXIT_UNDER_WAY: it goes on, and the wait is over; else why not is
 *         in context->result */
int door_ask(context_t *context, const char *command, json_t *arguments, apr_interval_time_t wait,
             door_part_fn *part, void *baton, json_t **pparts);

/** What --wait or --wait=TIME means: 0 without it, an hour without a time; -1 with a usage in
 * context->result. */
apr_interval_time_t door_wait(context_t *context);

#endif
