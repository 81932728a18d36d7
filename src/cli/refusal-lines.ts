// Describes refused credential requests: one line per reason, with the profiles it concerns.
import type { RoleRefusalDocument } from '../local-api/schemas.ts';
import { nameOfRole } from '../core/text/role-title.js';
import { formatMoment } from '../core/text/format-duration.ts';
import { count, harmless } from './terminal/render.ts';

export interface RefusalLine {
  /** `17:31 taylor.Admin and 2 other profiles`; safe to print. */
  readonly who: string;
  /** One sentence from the daemon. */
  readonly message: string;
  readonly hint: string;
  /** The profile that was refused last; undefined for a role without one. */
  readonly profile: string | undefined;
}

/** Newest first. */
export function groupRefusals(refusals: readonly RoleRefusalDocument[], nowMs: number): RefusalLine[] {
  const byMessage = new Map<string, RoleRefusalDocument[]>();
  for (const refusal of refusals) {
    const reason = `${refusal.message}\n${refusal.hint}`;
    byMessage.set(reason, [...(byMessage.get(reason) ?? []), refusal]);
  }
  return [...byMessage.values()].flatMap(([last, ...others]) => {
    if (last === undefined) return [];
    const more = others.length === 0 ? '' : ` and ${count(others.length, 'other profile')}`;
    return [
      {
        who: `${formatMoment(last.at, nowMs)} ${harmless(nameOf(last))}${more}`,
        message: last.message,
        hint: last.hint,
        profile: last.profile ?? undefined,
      },
    ];
  });
}

function nameOf({ profile, accountId, permissionSet }: RoleRefusalDocument): string {
  if (accountId === null || permissionSet === null) return profile ?? 'a request';
  const role = `${accountId}/${nameOfRole(permissionSet)}`;
  if (profile === null) return role;
  return profile === 'current' ? `current (${role})` : profile;
}
