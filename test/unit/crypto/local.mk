# SPDX-License-Identifier: Apache-2.0
# Issuers, certificates and OCSP responses, for the tests of all layers.
check_LIBRARIES += test/unit/crypto/libparty.a
test_unit_crypto_libparty_a_SOURCES = test/unit/crypto/party.c test/unit/crypto/party.h \
	test/unit/crypto/responder.c test/unit/crypto/responder.h
test_unit_crypto_libparty_a_CFLAGS = $(UNIT_CFLAGS) -pthread

EXTRA_DIST += test/unit/fixture.h
CRYPTO_TEST_LIBS = $(CRYPTO_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/crypto/test_secret
test_unit_crypto_test_secret_SOURCES = test/unit/crypto/test_secret.c
test_unit_crypto_test_secret_CFLAGS = $(UNIT_CFLAGS)
test_unit_crypto_test_secret_LDADD = $(CRYPTO_TEST_LIBS)

check_PROGRAMS += test/unit/crypto/test_eabkey
test_unit_crypto_test_eabkey_SOURCES = test/unit/crypto/test_eabkey.c
test_unit_crypto_test_eabkey_CFLAGS = $(UNIT_CFLAGS)
test_unit_crypto_test_eabkey_LDADD = $(CRYPTO_TEST_LIBS)

check_PROGRAMS += test/unit/crypto/test_keypair
test_unit_crypto_test_keypair_SOURCES = test/unit/crypto/test_keypair.c
test_unit_crypto_test_keypair_CFLAGS = $(UNIT_CFLAGS)
test_unit_crypto_test_keypair_LDADD = $(CRYPTO_TEST_LIBS)

check_PROGRAMS += test/unit/crypto/test_jose
test_unit_crypto_test_jose_SOURCES = test/unit/crypto/test_jose.c
test_unit_crypto_test_jose_CFLAGS = $(UNIT_CFLAGS)
test_unit_crypto_test_jose_LDADD = $(CRYPTO_TEST_LIBS)

check_PROGRAMS += test/unit/crypto/test_pem
test_unit_crypto_test_pem_SOURCES = test/unit/crypto/test_pem.c
test_unit_crypto_test_pem_CFLAGS = $(UNIT_CFLAGS)
test_unit_crypto_test_pem_LDADD = $(CRYPTO_TEST_LIBS)

check_PROGRAMS += test/unit/crypto/test_csr
test_unit_crypto_test_csr_SOURCES = test/unit/crypto/test_csr.c
test_unit_crypto_test_csr_CFLAGS = $(UNIT_CFLAGS)
test_unit_crypto_test_csr_LDADD = test/unit/crypto/libparty.a $(CRYPTO_TEST_LIBS)

check_PROGRAMS += test/unit/crypto/test_chain
test_unit_crypto_test_chain_SOURCES = test/unit/crypto/test_chain.c
test_unit_crypto_test_chain_CFLAGS = $(UNIT_CFLAGS)
test_unit_crypto_test_chain_LDADD = test/unit/crypto/libparty.a $(CRYPTO_TEST_LIBS)

check_PROGRAMS += test/unit/crypto/test_seal
test_unit_crypto_test_seal_SOURCES = test/unit/crypto/test_seal.c
test_unit_crypto_test_seal_CFLAGS = $(UNIT_CFLAGS)
test_unit_crypto_test_seal_LDADD = test/unit/crypto/libparty.a $(CRYPTO_TEST_LIBS)

check_PROGRAMS += test/unit/crypto/test_trials
test_unit_crypto_test_trials_SOURCES = test/unit/crypto/test_trials.c
test_unit_crypto_test_trials_CFLAGS = $(UNIT_CFLAGS)
test_unit_crypto_test_trials_LDADD = test/unit/crypto/libparty.a $(CRYPTO_TEST_LIBS)

check_PROGRAMS += test/unit/crypto/test_alpncert
test_unit_crypto_test_alpncert_SOURCES = test/unit/crypto/test_alpncert.c
test_unit_crypto_test_alpncert_CFLAGS = $(UNIT_CFLAGS)
test_unit_crypto_test_alpncert_LDADD = $(CRYPTO_TEST_LIBS)

check_PROGRAMS += test/unit/crypto/test_selfsigned
test_unit_crypto_test_selfsigned_SOURCES = test/unit/crypto/test_selfsigned.c
test_unit_crypto_test_selfsigned_CFLAGS = $(UNIT_CFLAGS)
test_unit_crypto_test_selfsigned_LDADD = $(CRYPTO_TEST_LIBS)

check_PROGRAMS += test/unit/crypto/test_terms
test_unit_crypto_test_terms_SOURCES = test/unit/crypto/test_terms.c
test_unit_crypto_test_terms_CFLAGS = $(UNIT_CFLAGS)
test_unit_crypto_test_terms_LDADD = test/unit/crypto/libparty.a $(CRYPTO_TEST_LIBS)

check_PROGRAMS += test/unit/crypto/test_leaf
test_unit_crypto_test_leaf_SOURCES = test/unit/crypto/test_leaf.c
test_unit_crypto_test_leaf_CFLAGS = $(UNIT_CFLAGS)
test_unit_crypto_test_leaf_LDADD = test/unit/crypto/libparty.a $(CRYPTO_TEST_LIBS)

check_PROGRAMS += test/unit/crypto/test_txtrecord
test_unit_crypto_test_txtrecord_SOURCES = test/unit/crypto/test_txtrecord.c
test_unit_crypto_test_txtrecord_CFLAGS = $(UNIT_CFLAGS)
test_unit_crypto_test_txtrecord_LDADD = $(CRYPTO_TEST_LIBS)

check_PROGRAMS += test/unit/crypto/test_staple
test_unit_crypto_test_staple_SOURCES = test/unit/crypto/test_staple.c
test_unit_crypto_test_staple_CFLAGS = $(UNIT_CFLAGS)
test_unit_crypto_test_staple_LDADD = test/unit/crypto/libparty.a $(CRYPTO_TEST_LIBS)

check_PROGRAMS += test/unit/crypto/test_jwk
test_unit_crypto_test_jwk_SOURCES = test/unit/crypto/test_jwk.c
test_unit_crypto_test_jwk_CFLAGS = $(UNIT_CFLAGS)
test_unit_crypto_test_jwk_LDADD = $(CRYPTO_TEST_LIBS)
