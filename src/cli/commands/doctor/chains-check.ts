// Finds profiles with role_arn that cannot work, or not in every AWS client.
import { readChainProfiles, type ChainProfile } from '../../../aws-config/chains/chain-profiles.ts';
import { readCredentialsNames } from '../../../aws-config/document/credentials-names.ts';
import { readSsoSessions } from '../../../aws-config/sessions/sso-sessions.ts';
import { editCommand } from '../../../core/text/quote-for-shell.ts';
import type { Finding } from './codes.ts';
import type { World } from './world.ts';

/** Profiles whose credentials come from elsewhere than IAM Identity Center are left out: they may be fine. */
export function findChainFaults({ config, credentials }: World): Finding[] {
  const document = { ...config.document, path: config.path };
  const profiles = readChainProfiles(document, {
    sessions: readSsoSessions(document).sessions,
    credentialsFile: { path: credentials.path, names: readCredentialsNames(credentials.document.text) },
    isUnwritten: () => false,
    defaultSessionName: () => 'rolecall',
  });
  return profiles.flatMap((profile) => describe(profile, config));
}

function describe(profile: ChainProfile, { path, shown }: World['config']): Finding[] {
  const { profileName } = profile;
  if ('fault' in profile) {
    const { kind, sentence, hint } = profile.fault;
    if (kind === 'foreign') return [];
    return [{ code: 'chain-unavailable', message: `${shown}, ${sentence}`, commands: [hint] }];
  }
  const { requestedSeconds } = profile.definition;
  if (requestedSeconds === undefined) return [];
  const message =
    `${shown}, line ${profile.line}: the profile "${profileName}" asks for ${requestedSeconds} seconds, and AWS allows 3600 for a ` +
    'role that is assumed with the credentials of another one. With rolecall it lasts an hour; the AWS CLI and boto3 fail.';
  return [{ code: 'chain-capped', message, commands: [editCommand(path, profile.line)] }];
}
