# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libcrypto_eab.a
libcrypto_eab_a_SOURCES = \
	mod_acme_eab/crypto/alpncert.c mod_acme_eab/crypto/alpncert.h \
	mod_acme_eab/crypto/chain.c mod_acme_eab/crypto/chain.h \
	mod_acme_eab/crypto/csr.c mod_acme_eab/crypto/csr.h \
	mod_acme_eab/crypto/eabkey.c mod_acme_eab/crypto/eabkey.h \
	mod_acme_eab/crypto/jose.c mod_acme_eab/crypto/jose.h \
	mod_acme_eab/crypto/jwk.c mod_acme_eab/crypto/jwk.h \
	mod_acme_eab/crypto/keypair.c mod_acme_eab/crypto/keypair.h \
	mod_acme_eab/crypto/leaf.c mod_acme_eab/crypto/leaf.h \
	mod_acme_eab/crypto/pem.c mod_acme_eab/crypto/pem.h \
	mod_acme_eab/crypto/san.c mod_acme_eab/crypto/san.h \
	mod_acme_eab/crypto/secret.c mod_acme_eab/crypto/secret.h \
	mod_acme_eab/crypto/seal.c mod_acme_eab/crypto/seal.h \
	mod_acme_eab/crypto/selfsigned.c mod_acme_eab/crypto/selfsigned.h \
	mod_acme_eab/crypto/staple.c mod_acme_eab/crypto/staple.h \
	mod_acme_eab/crypto/terms.c mod_acme_eab/crypto/terms.h \
	mod_acme_eab/crypto/trials.c mod_acme_eab/crypto/trials.h \
	mod_acme_eab/crypto/trust.c mod_acme_eab/crypto/trust.h \
	mod_acme_eab/crypto/txtrecord.c mod_acme_eab/crypto/txtrecord.h
libcrypto_eab_a_CFLAGS = $(JSON_CFLAGS) $(OPENSSL_CFLAGS) $(PIC_CFLAGS)
CRYPTO_LIBS = libcrypto_eab.a $(BASE_LIBS) $(OPENSSL_LIBS)
