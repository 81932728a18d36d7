// Puts an approval into words: what waits, who asked, and where a person can answer.
import { describeProgram } from '../../../core/program.ts';
import { harmless, toHarmlessLine } from '../../../core/text/harmless-text.ts';
import { titleOfRole } from '../../../core/text/role-title.js';
import type { ApprovalDocument } from '../../../local-api/schemas.ts';

const MAX_NAME_CHARACTERS = 100;

/** For example `AdministratorAccess in prod-billing (222222222222)`. Always one harmless line. */
export function describeSubject(approval: ApprovalDocument): string {
  const { subject, accountId, accountName, label } = approval;
  const quoted = `"${shorten(label ?? '')}"`;
  if (subject === 'unlock') return 'Unlocking rolecall';
  if (subject === 'add-passkey') return `Adding the passkey ${quoted}`;
  if (subject === 'remove-passkey') return `Removing the passkey ${quoted}`;
  const account = accountName === null ? accountId : `${shorten(accountName)} (${accountId})`;
  return `${shorten(titleOfRole({ ...approval, permissionSet: approval.permissionSet ?? '' }))} in ${account}`;
}

/** The program that asked first, in one harmless line. */
export function describeAsker({ program, surface }: ApprovalDocument): string {
  if (program !== null) return describeProgram(program);
  return surface === 'web' ? 'the page of rolecall' : 'unknown';
}

/** Completes a sentence: `in the question on the screen, or in another terminal: rolecall approve`. Undefined: nowhere. */
export function describePlaces({ places, approve }: ApprovalDocument): string | undefined {
  const texts = places.map((place) => PLACES[place]);
  const last = texts.at(-1);
  if (last === undefined) return undefined;
  const how = approve === 'passkey' ? 'with a passkey ' : '';
  return how + (texts.length === 1 ? last : `${texts.slice(0, -1).join(', ')} or ${last}`);
}

const PLACES = {
  screen: 'in the question on the screen',
  page: 'on the page (rolecall web)',
  terminal: 'in another terminal (rolecall approve)',
} as const;

/** What a person is told who waits: `… needs your approval. Answer on the page (rolecall web).` */
export function describeRequest(approval: ApprovalDocument): string {
  const places = describePlaces(approval);
  const where = places === undefined ? describeNoPlace(approval) : `Answer ${places}.`;
  return `${describeSubject(approval)} needs your approval. ${where}`;
}

/** How it ended, unless it was approved: `Nobody approved unlocking rolecall in time.` */
export function describeRefusal(approval: ApprovalDocument): string {
  const subject = describeSubject(approval);
  if (approval.state !== 'expired') return `${subject} was refused.`;
  const isName = approval.subject === 'role';
  return `Nobody approved ${isName ? subject : subject[0]?.toLowerCase() + subject.slice(1)} in time.`;
}

/** Why nobody can answer. */
export function describeNoPlace({ problem }: ApprovalDocument): string {
  return problem === null ? 'Nobody can be asked on this machine.' : harmless(problem.message);
}

const shorten = (text: string) => toHarmlessLine(text, MAX_NAME_CHARACTERS);
