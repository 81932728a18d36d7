// Asks STS who the default credential chain says we are: the AWS SDK for JavaScript as a client of rolecall, a process of its own.
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

// The region and the credentials come from AWS_PROFILE, as in any program that uses the SDK.
try {
  const { UserId, Account, Arn } = await new STSClient().send(new GetCallerIdentityCommand());
  process.stdout.write(`${JSON.stringify({ UserId, Account, Arn }, null, 4)}\n`);
} catch (error) {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
}
