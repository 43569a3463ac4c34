/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_HELDKEY_H
#define HTTPD_HELDKEY_H

/* httpd/heldkey.h - private keys with a pass phrase, which httpd holds. mod_ssl asks for the phrase once in a
 * server's life and keeps the key, by its virtual host's name and port and by its place in the list of files.
 * At a restart it takes it again for as long as the file has the same date, and reads the certificate anew;
 * otherwise it asks, and when nobody answers, httpd ends. In a rehearsal nobody answers either: so a key
 * counts as loaded there only if the restart would find it, with a certificate that belongs to it. */

#include <httpd.h>

/** Such a key is about to be loaded: write down what mod_ssl will know it by. Of two with the same place the
 * later one is kept, as by mod_ssl. Other keys are passed over, and files that cannot be read.
 * @param held  const char *; for the plan
 * @param index of the files in the list of the virtual host */
void heldkey_note(apr_array_header_t *held, const server_rec *s, int index, const char *cert_path,
                  const char *key_path);

/** In a rehearsal: is it one that the running httpd has noted, unchanged? */
int heldkey_is_held(const server_rec *s, int index, const char *cert_path, const char *key_path,
                    apr_pool_t *ptemp);

#endif
