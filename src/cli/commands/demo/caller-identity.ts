// A program that calls GetCallerIdentity with the AWS SDK for JavaScript, as any client of rolecall would.
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

async function printIdentity(): Promise<void> {
  // Region and credentials come from AWS_PROFILE through the SDK's default chain.
  const { UserId, Account, Arn } = await new STSClient().send(new GetCallerIdentityCommand());
  process.stdout.write(`${JSON.stringify({ UserId, Account, Arn }, null, 4)}\n`);
}

void printIdentity().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
