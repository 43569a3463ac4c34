# SPDX-License-Identifier: Apache-2.0
"""What httpd says on this machine without our module: recorded once in a run, and never a failure."""

import functools
import os
import shutil
import tempfile
from pathlib import Path

from . import certificates, outcomes
from .errorlog import said
from .httpd import Httpd

NAME = "localhost"


@functools.lru_cache(maxsize=None)
def lines():
    """The bad lines of a start, a graceful restart and a stop: {shape: what is said}. Call it before there
    are processes that share the outcome."""
    directory = Path(tempfile.mkdtemp(prefix="eab-test-machine-", dir="/tmp"))
    os.chmod(directory, 0o755)
    try:
        return record(Httpd(directory / "httpd", None))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def record(httpd):
    """The bad lines of this httpd, which is without our module."""
    certificate, key = certificates.make_self_signed([NAME])
    (httpd.dir / "site.pem").write_bytes(certificate + key)
    httpd.configure(httpd.site(NAME, more=f'SSLCertificateFile "{httpd.dir}/site.pem"'))
    try:
        httpd.start()
        httpd.get_tls(NAME)
        httpd.graceful()
        httpd.get_tls(NAME)
        httpd.stop()
    finally:
        httpd.kill_all()
    return {httpd.log.shape(line): said(line) for line in httpd.log.bad()}


def tell(reporter):
    """Print them in the summary of a run of pytest."""
    if lines.cache_info().currsize and lines():
        outcomes.note("machine", lines().values())
        reporter.section("httpd says this on this machine without the module too; no test failed for it",
                         sep="-")
        for line in lines().values():
            reporter.write_line(line)
