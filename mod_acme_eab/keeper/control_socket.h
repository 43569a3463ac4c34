/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_CONTROL_SOCKET_H
#define KEEPER_CONTROL_SOCKET_H

/* keeper/control_socket.h - the socket in the store (ipc/control.h): who connects is asked for at the kernel,
 * has ten seconds to say what he wants, and is let go when he does not listen for half a minute. At most
 * LIMIT_CONTROL are served at a time. Nobody makes the keeper wait. A socket that was removed, or could not be
 * made, is made again within ten seconds. */

#include "keeper/control_door.h"

/** It lasts as long as the keeper. Nothing where the store cannot be used. */
void control_socket_start(const means_t *means, control_door_t *door);

#endif
