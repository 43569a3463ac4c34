/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_ACME_EAB_H
#define MOD_ACME_EAB_H

/* mod_acme_eab.h - what other modules of httpd may ask mod_acme_eab.
 *
 * These are optional functions: fetch them with APR_RETRIEVE_OPTIONAL_FN() in the
 * optional_fn_retrieve hook, and expect NULL when mod_acme_eab is not loaded. The answers are final
 * once post_config is over, and stay the same until httpd reads its configuration again. The
 * functions may be called from any thread of a worker. */

#include <httpd.h>
#include <apr_optional.h>

/** 1 when this server has the certificate of an ACMEManagedDomain, or waits for it; 0 when not. */
APR_DECLARE_OPTIONAL_FN(int, acme_eab_server_is_managed, (server_rec *));

/** Which certificate mod_ssl has loaded for this server. A static string:
 *   "valid"      one that was got by mod_acme_eab
 *   "own"        the administrator's SSLCertificateFile, until there is one of ours that has as many
 *                of its names
 *   "fallback"   a self-signed one; mod_ssl answers requests with 503
 *   "unmanaged"  not our business: no managed name, no SSLEngine on, ACMEManagedDomain off, or an
 *                SSLCertificateFile that covers more */
APR_DECLARE_OPTIONAL_FN(const char *, acme_eab_server_state, (server_rec *));

/** The first name of the managed domain of this server, as the status shows it; NULL when nothing is
 * managed. Lives as long as the configuration. */
APR_DECLARE_OPTIONAL_FN(const char *, acme_eab_server_certificate, (server_rec *));

#endif
