"""Runs the tests of mail beside each other: most of them wait. Names of tests to run may be given: all that contain one."""
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor, as_completed

import logging
import warnings

import test_hangs
import test_outages
import test_postfix
import test_refusals
from harness import Certificates

# Those that wait longest come first.
MODULES = (test_hangs, test_postfix, test_outages, test_refusals)


def main():
    # aiosmtpd warns of what these tests do on purpose, and tells of every client that turns away.
    warnings.simplefilter("ignore")
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    tests = [getattr(module, name) for module in MODULES for name in vars(module) if name.startswith("test_")]
    names = {getattr(module, name): name for module in MODULES for name in vars(module) if name.startswith("test_")}
    wanted = [test for test in tests if not sys.argv[1:] or any(part in names[test] for part in sys.argv[1:])]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="auth-mail-") as folder, ThreadPoolExecutor(12) as pool:
        certificates = Certificates(folder)
        begun = time.monotonic()
        running = {pool.submit(test, certificates): names[test] for test in wanted}
        for done in as_completed(running):
            error = done.exception()
            print(f"{'FAILED' if error else 'ok'}  {running[done]} ({time.monotonic() - begun:.0f} s)", flush=True)
            if error:
                failed += 1
                traceback.print_exception(error)
    print(f"{len(wanted) - failed} of {len(wanted)} hold")
    sys.exit(1 if failed or not wanted else 0)


main()
