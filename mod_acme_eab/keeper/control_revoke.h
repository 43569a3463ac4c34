/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_CONTROL_REVOKE_H
#define KEEPER_CONTROL_REVOKE_H

/* keeper/control_revoke.h - "revoke": {names | serial | certificate, key?, account?, reason, now, keep,
 * by_certificate_key}. The certificate in place of a name, one of the archive by its serial number, or one
 * in a file; key is the file of its key, reason a number. The one that httpd serves is revoked when another
 * one is served in its place, which is ordered, unless now is set; with keep it is served on and none is
 * ordered.
 * "compromised": {names, now}: others may know the key of the certificate in place. The key is blocked,
 * another certificate with another key is ordered, and when it is served (or at once, with now) every
 * certificate with that key is revoked by it, and it is removed.
 *
 * Their parts: {name?, serial, reason, step, result?, why?, problem?, at?}; step is "ordering", "stored",
 * "revoking" or "idle"; result, once there is one, "revoked", "expired" or "failed". */

#include "keeper/control_call.h"

extern const control_command_t control_revoke;
extern const control_command_t control_compromised;

#endif
