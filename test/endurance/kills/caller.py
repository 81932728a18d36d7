# boto3's container provider as it is: one fetch after the other, with botocore's own retries, until the input ends.
import random
import select
import sys
import time

from botocore.credentials import ContainerProvider

while not select.select([sys.stdin], [], [], random.uniform(0.1, 0.6))[0]:
    started = time.monotonic()
    try:
        ContainerProvider().load().get_frozen_credentials()
        print("ok", round((time.monotonic() - started) * 1000), flush=True)
    except Exception as error:
        took = round((time.monotonic() - started) * 1000)
        print("failed", f"after {took} ms:", repr(error).replace("\n", " "), flush=True)
