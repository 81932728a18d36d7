// STS AssumeRole, with the session policy and the tags that a chained role asks for.
import { MAX_CHAINED_SECONDS } from '../core/aws/chain-role.ts';
import type { ChainDefinition } from '../core/model.ts';
import type { RoleAssumer } from '../sso/ports.ts';
import { toFault, type Call } from './fault.ts';
import { callSts, stsHostOf, stsTimeoutMs, type StsDeps } from './sts-client.ts';
import { readAssumedRole } from './wire.ts';

export function createRoleAssumer(deps: StsDeps): RoleAssumer {
  return {
    async assumeRole(session, credentials, definition) {
      const target = { session, region: definition.region ?? session.region, credentials };
      const call: Call = {
        service: 'sts',
        operation: 'AssumeRole',
        host: stsHostOf(deps, target),
        secrets: [credentials.secretAccessKey, credentials.sessionToken],
      };
      let deadline: AbortSignal | undefined;
      try {
        return await callSts(deps, target, async ({ sts, client, abortSignal }) => {
          deadline = abortSignal;
          return readAssumedRole(await client.send(new sts.AssumeRoleCommand(inputOf(definition)), { abortSignal }));
        });
      } catch (error) {
        throw toFault(error, {
          ...call,
          ...(deadline?.aborted === true ? { timedOutAfterMs: stsTimeoutMs(deps) } : {}),
        });
      }
    },
  };
}

/** @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
function inputOf({ roleArn, roleSessionName, durationSeconds, ...more }: ChainDefinition) {
  return {
    RoleArn: roleArn,
    RoleSessionName: roleSessionName,
    DurationSeconds: Math.min(durationSeconds, MAX_CHAINED_SECONDS),
    ...(more.externalId === undefined ? {} : { ExternalId: more.externalId }),
    ...(more.sourceIdentity === undefined ? {} : { SourceIdentity: more.sourceIdentity }),
    ...(more.tags === undefined ? {} : { Tags: more.tags.map(({ key, value }) => ({ Key: key, Value: value })) }),
    ...(more.transitiveTagKeys === undefined ? {} : { TransitiveTagKeys: [...more.transitiveTagKeys] }),
    ...(more.policy === undefined ? {} : { Policy: more.policy }),
    ...(more.policyArns === undefined ? {} : { PolicyArns: more.policyArns.map((arn) => ({ arn })) }),
  };
}
