// Prints the identity that STS reports to the AWS SDK for JavaScript, with the provider named on the command line.
import { setTimeout as pause } from 'node:timers/promises';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { fromIni, fromNodeProviderChain, fromProcess, fromSSO } from '@aws-sdk/credential-providers';

const [provider, profile] = process.argv.slice(2);
const providers = { fromIni, fromNodeProviderChain, fromProcess, fromSSO };
const client = new STSClient({ region: 'us-east-1', credentials: providers[provider]({ profile }) });
// One client for as long as it is asked for, which has to notice by itself when its keys end.
const endsAtMs = Date.now() + Number(process.env.ASK_FOR_SECONDS ?? 0) * 1000;
let answer;
do {
  answer = await client.send(new GetCallerIdentityCommand());
  await pause(Date.now() < endsAtMs ? 300 : 0);
} while (Date.now() < endsAtMs);
process.stdout.write(`${answer.Arn}\n`);
