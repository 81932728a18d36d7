// The AWS SDK for JavaScript as a stranger's program: prints who STS says we are, by the provider named on the command line.
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { fromIni, fromNodeProviderChain, fromProcess, fromSSO } from '@aws-sdk/credential-providers';

const [provider, profile] = process.argv.slice(2);
const providers = { fromIni, fromNodeProviderChain, fromProcess, fromSSO };
const client = new STSClient({ region: 'us-east-1', credentials: providers[provider]({ profile }) });
const { Arn } = await client.send(new GetCallerIdentityCommand());
process.stdout.write(`${Arn}\n`);
