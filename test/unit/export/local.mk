# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += test/unit/export/test_package
test_unit_export_test_package_SOURCES = test/unit/export/test_package.c
test_unit_export_test_package_CFLAGS = $(UNIT_CFLAGS)
test_unit_export_test_package_LDADD = test/unit/crypto/libparty.a $(EXPORT_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/export/test_parcel
test_unit_export_test_parcel_SOURCES = test/unit/export/test_parcel.c
test_unit_export_test_parcel_CFLAGS = $(UNIT_CFLAGS)
test_unit_export_test_parcel_LDADD = test/unit/crypto/libparty.a $(EXPORT_LIBS) $(CMOCKA_LIBS)
