# SPDX-License-Identifier: Apache-2.0
"""What the integration tests stand on: a real CA, a real httpd, and ways to look at both."""
