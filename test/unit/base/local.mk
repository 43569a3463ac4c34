# SPDX-License-Identifier: Apache-2.0
BASE_TESTS =
check_PROGRAMS += $(BASE_TESTS)
