/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPC_REHEARSAL_H
#define IPC_REHEARSAL_H

/* ipc/rehearsal.h - what the keeper and the httpd that it puts on a stage (keeper/stage.h) say to each
 * other: environment variables to it, lines from it. */

/* One of the two, and nothing else makes an httpd a rehearsing one. */
#define REHEARSAL_VARIABLE "ACME_EAB_REHEARSAL"
#define REHEARSAL_STAGED "staged"
#define REHEARSAL_BARE "bare" /* the machine allows no stage; httpd is run with -t */

/* "ADDRESS:PORT ADDRESS:PORT": what the running httpd listens at. */
#define REHEARSAL_LISTENERS "ACME_EAB_REHEARSAL_LISTENERS"
/* Lines "SECONDS PATH": private keys with a pass phrase that the running httpd has in memory, and of
 * when the file is; mod_ssl uses such a key again as long as that is so. */
#define REHEARSAL_KEYS "ACME_EAB_REHEARSAL_KEYS"
/* "DIGEST SECONDS": of the configuration that it has read, and when. */
#define REHEARSAL_READ "ACME_EAB_REHEARSAL_READ"

/* Where the lines go; standard error leads to the same place. */
#define REHEARSAL_FD 3

/* "said LEVEL TEXT": a line that httpd logs, with APLOG_... as a number. */
#define REHEARSAL_SAID "acme-eab-rehearsal said "
/* "changed FILES": since the running httpd has read them. */
#define REHEARSAL_CHANGED "acme-eab-rehearsal changed "
/* "trouble SENTENCE": of the stage. httpd may still be tried without one. */
#define REHEARSAL_TROUBLE "acme-eab-rehearsal trouble "
/* "ended SENTENCE": httpd did not end by itself. */
#define REHEARSAL_ENDED "acme-eab-rehearsal ended "
/* Exit status when all went well: no number of lines before it can hide that. */
#define REHEARSAL_EXIT 99

#endif
