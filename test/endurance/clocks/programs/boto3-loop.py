# boto3 as a program that runs for hours: asks STS who it is twice a second, and prints one line of JSON for each call.
import json
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

client = boto3.client("sts", config=Config(retries={"max_attempts": 2, "mode": "standard"}))
while True:
    try:
        client.get_caller_identity()
        outcome = {"ok": True}
    except ClientError as error:
        outcome = {"ok": False, "code": error.response["Error"]["Code"], "message": str(error)}
    except Exception as error:
        outcome = {"ok": False, "code": type(error).__name__, "message": str(error)}
    print(json.dumps(outcome), flush=True)
    time.sleep(0.5)
