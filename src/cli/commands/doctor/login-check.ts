// Checks the profiles that `aws login` writes. Healthy ones are only counted: they are none of rolecall's business.
import { readLoginProfiles, type LoginProfile } from '../../../aws-config/document/login-session.ts';
import { editCommand } from '../../../core/text/quote-for-shell.ts';
import { count } from '../../terminal/render.ts';
import type { Finding } from './codes.ts';
import type { AwsFile, World } from './world.ts';

/** ", 2 of them by aws login", for the summary; '' without any. */
export function countLoginProfiles({ document }: AwsFile): string {
  const { length } = readLoginProfiles(document);
  return length === 0 ? '' : `, ${length} of them by aws login`;
}

/** "AWS_PROFILE is demo, by aws login", for the summary of the shell; undefined if it names no such profile. */
export function describeLoginOfShell({ config, context: { environment } }: World): string | undefined {
  const variable = ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE'].find((name) => (environment[name] ?? '') !== '');
  if (variable === undefined) return undefined;
  const name = environment[variable];
  const isOfLogin = readLoginProfiles(config.document).some(({ profileName }) => profileName === name);
  return isOfLogin ? `${variable} is ${name}, by aws login` : undefined;
}

export function findLoginFaults(config: AwsFile): Finding[] {
  return readLoginProfiles(config.document).flatMap((profile): Finding[] => {
    const fault = findFault(profile);
    if (fault === undefined) return [];
    const { profileName, line } = profile;
    return [
      {
        code: fault.code,
        message: `${config.shown}, line ${line}: the profile "${profileName}" ${fault.text}`,
        commands: [editCommand(config.path, line)],
      },
    ];
  });
}

function findFault({ principal, otherKeys }: LoginProfile): { code: Finding['code']; text: string } | undefined {
  if (otherKeys.length > 0) {
    return {
      code: 'profile-login-ambiguous',
      text: `has a login_session of aws login and ${otherKeys.length === 1 ? otherKeys[0] : count(otherKeys.length, 'other key')} for credentials, and AWS clients disagree on which one to use. Keep one.`,
    };
  }
  if (principal === undefined) {
    return {
      code: 'profile-login-invalid',
      text: 'has a login_session that is not the ARN of a principal, so AWS clients refuse it. Delete it, and sign in again with aws login.',
    };
  }
  return undefined;
}
