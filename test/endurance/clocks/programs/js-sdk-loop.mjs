// The AWS SDK for JavaScript as a program that runs for hours: asks STS who it is twice a second, and prints one line of JSON for each call.
import { setTimeout as pause } from 'node:timers/promises';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';

const client = new STSClient({ region: 'us-east-1', credentials: fromNodeProviderChain() });
for (;;) {
  let outcome = { ok: true };
  try {
    await client.send(new GetCallerIdentityCommand());
  } catch (error) {
    outcome = { ok: false, code: error.name, message: error.message };
  }
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
  await pause(500);
}
