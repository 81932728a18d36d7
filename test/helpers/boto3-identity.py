# boto3 as a stranger's program: prints who STS says we are, by the SDK's own chain of providers.
import os
import time

import boto3

# One client for as long as it is asked for, which has to notice by itself when its keys end.
client = boto3.client("sts")
ends_at = time.monotonic() + float(os.environ.get("ASK_FOR_SECONDS", "0"))
while True:
    arn = client.get_caller_identity()["Arn"]
    if time.monotonic() >= ends_at:
        break
    time.sleep(0.3)
print(arn)
