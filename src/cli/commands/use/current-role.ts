// `rolecall use --current`: sets or clears the current role of this machine.
import { EXIT_INTERRUPTED, UsageError } from '../../../core/errors.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import type { NewCurrentRole } from '../../../local-api/schemas.ts';
import { chooseRole } from '../../picker/choose-role.ts';
import { hasInCredentialsFile, refuseShadowed } from '../../profiles/credentials-file.ts';
import { findProfile } from '../../profiles/find-profile.ts';
import { harmless, printText } from '../../terminal/render.ts';
import { approveSwitch } from './approve-switch.ts';
import { withSignIn } from '../login/offer-sign-in.ts';
import type { UseContext, UseOptions } from './options.ts';
import { describeSignedOut, describeWithRegion } from './switched-role.ts';

type Options = Pick<UseOptions, 'json' | 'off'> & { readonly mayAsk: boolean };

/** @throws NotFoundError, UsageError: no role, or several, match the query */
export async function useAsCurrent(query: string, options: Options, context: UseContext): Promise<number> {
  const role = options.off === true ? null : await findCurrent(query, options, context);
  if (role === undefined) return EXIT_INTERRUPTED;
  if (role !== null) await approveSwitch(role, context);
  const ended =
    role === null || options.json === true ? '' : await describeSignedOut(role.session, options.mayAsk, context);
  const current = await context.client.call('setCurrent', { body: role }, { signal: context.signal });
  const isShadowed = current !== null && (await hasInCredentialsFile('current', context));
  if (isShadowed) {
    context.stderr.write(
      'Programs that use [profile current] do not follow: AWS clients take [current] from the credentials file. See: rolecall status\n',
    );
  }
  if (options.json === true) {
    context.stdout.write(formatJson(current));
    return 0;
  }
  if (current === null) {
    context.stdout.write('No current role is set.\n');
    return 0;
  }
  const description = await describeWithRegion(current, context);
  const profile = current.profile === null ? '' : `  (profile ${harmless(current.profile)})`;
  await printText(`Current role: ${description}${profile}${ended}\n`, context);
  if (!isShadowed) {
    context.stderr.write(
      'Programs that use [profile current] follow at their next refresh, even in the middle of an apply. For long runs: rolecall exec\n',
    );
  }
  return 0;
}

async function findCurrent(query: string, options: Options, context: UseContext): Promise<NewCurrentRole | undefined> {
  if (query === 'current') {
    throw new UsageError('usage', '"current" is the profile that follows the current role, so name another one.', {
      hint: 'rolecall use --current',
    });
  }
  if (query === '-') {
    throw new UsageError('usage', '"-" means the previous profile of a shell; the current role has no previous one.', {
      hint: 'rolecall use --current',
    });
  }
  const named = query === '' ? undefined : await findProfile(query, context);
  if (named !== undefined && !named.followsCurrent) {
    const { session, accountId, permissionSet } = named;
    return { session, accountId, permissionSet };
  }
  if (query !== '' && named === undefined) await refuseShadowed(query, context, 'rolecall use --current');
  const { mayAsk } = options;
  const request = {
    query,
    purpose: 'as the current role',
    command: 'rolecall use --current',
    mayAsk,
    needsProfile: false,
  };
  const chosen = await withSignIn(() => chooseRole(request, context), { mayAsk }, context);
  if (chosen === undefined) return undefined;
  const { session, accountId, permissionSet } = chosen.role;
  return { session, accountId, permissionSet };
}
