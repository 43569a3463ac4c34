/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_TRUST_H
#define CRYPTO_TRUST_H

/* crypto/trust.h - whom a TLS client trusts, where libcurl cannot be told: before 7.77 it has no option
 * for certificates that are not in a file. */

#include <openssl/ssl.h>

/** Trust these certificates and no others, roots as well as intermediate ones, as libcurl does.
 * @param ctx of a client, before its handshake; it keeps what it needs of pem
 * @param pem one certificate or several
 * @return 0: none was found, or one cannot be read; ctx trusts whom it trusted then */
int trust_only(SSL_CTX *ctx, const char *pem);

#endif
