// The one role that the words on a command line mean: by a unique match, by a person's choice, or an error that names the nearest.
import { NotFoundError, UsageError } from '../../core/errors.ts';
import { nearestFew } from '../../core/text/nearest.ts';
import { createRoleIndex, type RoleIndex } from '../../core/search/role-index.js';
import { INSIDE } from '../../core/search/role-match.js';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import type { RoleDocument, RolesDocument } from '../../local-api/schemas.ts';
import type { CliContext } from '../context.ts';
import { count, createPainter, formatTable, harmless } from '../terminal/render.ts';
import { confirmRole, exactCommand } from './confirm-role.ts';
import { decideRole, doubtOf, type Doubt } from './decide-role.ts';
import type { Picked, PickerList } from './pick-role.ts';
import { createRoleColumns, describeRole, protectedMark } from './role-columns.ts';

export interface RoleWish {
  readonly query: string;
  /** What the role is for, as the picker says it. */
  readonly purpose: string;
  /** The command line up to the words, for hints: `rolecall use`. */
  readonly command: string;
  /** False: nobody is asked. */
  readonly mayAsk: boolean;
  /** Only roles that have a profile. */
  readonly needsProfile: boolean;
}

const MOST_CANDIDATES = 10;
const MOST_NAMES = 3;

export interface ChosenRole {
  readonly role: RoleDocument;
  /** Whose account it is, in one line. */
  readonly description: string;
}

/**
 * The role, or undefined when the person left the picker or said no.
 * @throws NotFoundError profile-not-found: nothing matches, with the nearest names; account-not-found: nothing was ever listed
 * @throws UsageError usage: nobody is asked, and several match or the one that does has to be named exactly
 */
export async function chooseRole(wish: RoleWish, context: CliContext): Promise<ChosenRole | undefined> {
  if (wish.query === '' && wish.mayAsk) {
    const { findFzf } = await import('./fzf.ts');
    if (findFzf(context) === undefined) return chooseFromFirst(wish, context);
  }
  const roles = await loadRoles(wish, context);
  return confirmed(await chooseAmong(roles, wish, context), roles, wish, context);
}

/** Our own picker with nothing typed: its first screen is shown while the rest of twenty thousand roles is still coming. */
async function chooseFromFirst(wish: RoleWish, context: CliContext): Promise<ChosenRole | undefined> {
  const asked = context.client.call('roles', { query: { first: true } }, { signal: context.signal });
  const [document, { pickRole }] = await Promise.all([asked, import('./pick-role.ts')]);
  const first = document.roles.filter((role) => isUsable(role, wish));
  const list = toList(first, document.total ?? first.length);
  const terminal = first.length === 0 ? undefined : await context.openPickerTerminal();
  const all = loadRoles(wish, context);
  if (terminal === undefined) {
    return confirmed(await chooseAmong(await all, wish, context), await all, wish, context);
  }
  const whole = all.then((roles) => toUsableList(roles, wish));
  const picked = await pickRole('', { ...createLook(wish, context), list, whole, terminal, ...context });
  return confirmed(judge(picked), picked === undefined ? [] : await all, wish, context);
}

/** All of them, also those that can't be taken: words may mean one of these. */
async function loadRoles(wish: RoleWish, context: CliContext): Promise<readonly RoleDocument[]> {
  const document = await context.client.call('roles', { query: {} }, { signal: context.signal });
  if (!document.roles.some((role) => isUsable(role, wish))) throw nothingListed(document, wish);
  return document.roles;
}

function isUsable({ profile }: RoleDocument, { needsProfile }: RoleWish): boolean {
  return !needsProfile || profile !== null;
}

interface Candidate {
  readonly role: RoleDocument;
  readonly doubt: Doubt | undefined;
}

const judge = (picked: Picked | undefined): Candidate | undefined =>
  picked === undefined ? undefined : { role: picked.role, doubt: doubtOf(picked.role, picked.query) };

/** The role with its description; with a doubt only after a person agreed. */
async function confirmed(
  candidate: Candidate | undefined,
  roles: readonly RoleDocument[],
  wish: RoleWish,
  context: CliContext,
): Promise<ChosenRole | undefined> {
  if (candidate === undefined) return undefined;
  const { role, doubt } = candidate;
  const description = describeAmong(roles, role, context);
  if (doubt !== undefined && !(await confirmRole({ role, doubt, description }, wish, context))) return undefined;
  return { role, description };
}

function toList(roles: readonly RoleDocument[], total: number): PickerList {
  return { roles, total, columns: createRoleColumns(roles), index: createRoleIndex(roles) };
}

function toUsableList(roles: readonly RoleDocument[], wish: RoleWish): PickerList {
  const usable = roles.filter((role) => isUsable(role, wish));
  return toList(usable, usable.length);
}

function createLook({ purpose }: RoleWish, { environment, stderr }: CliContext) {
  return { purpose, mark: protectedMark(environment), paint: createPainter(stderr, environment) };
}

/** A role in the words of the list; by its ids alone where no list has it. */
export async function describeOne(
  wanted: Pick<RoleDocument, 'session' | 'accountId' | 'permissionSet'>,
  context: CliContext,
): Promise<string> {
  const { session, accountId, permissionSet } = wanted;
  const { roles } = await context.client.call('roles', { query: {} }, { signal: context.signal });
  const role = roles.find(
    (other) => other.accountId === accountId && other.permissionSet === permissionSet && other.session === session,
  );
  const unlisted = { session, accountId, permissionSet, label: session, accountName: null, protected: false };
  return describeAmong(roles, role ?? unlisted, context);
}

function describeAmong(
  roles: readonly RoleDocument[],
  role: Parameters<typeof describeRole>[0] & Pick<RoleDocument, 'session'>,
  { environment }: CliContext,
): string {
  const isOneSession = roles.every(({ session }) => session === role.session);
  return describeRole(role, protectedMark(environment), !isOneSession);
}

async function chooseAmong(
  roles: readonly RoleDocument[],
  wish: RoleWish,
  context: CliContext,
): Promise<Candidate | undefined> {
  const { query, mayAsk } = wish;
  if (query !== '') {
    const index = createRoleIndex(roles);
    const decision = decideRole(roles, index, query, (role) => isUsable(role, wish));
    if (decision.kind === 'one') return decision;
    if (decision.kind === 'unusable') throw hasNoProfile(describeAmong(roles, decision.role, context));
    // Letters with gaps between them may mean anything: good enough to offer, never to take.
    if (decision.kind === 'none' && !(mayAsk && index.search(query).positions.length > 0)) {
      throw nothingMatches(wish, roles, index);
    }
    if (decision.kind === 'several' && !mayAsk) throw severalMatch(decision.positions, roles, wish, context);
  } else if (!mayAsk) {
    throw new UsageError('usage', 'Nobody is here to choose a role, so name one.', { hint: 'rolecall profiles list' });
  }
  return judge(await ask(toUsableList(roles, wish), wish, context));
}

async function ask(list: PickerList, wish: RoleWish, context: CliContext): Promise<Picked | undefined> {
  const { environment, signal } = context;
  const look = createLook(wish, context);
  const { findFzf, pickWithFzf } = await import('./fzf.ts');
  const fzf = findFzf(context);
  if (fzf !== undefined) {
    const parts = { ...look, ...list, environment, signal };
    const answer = await pickWithFzf(fzf, wish.query, list.index.search('').positions, parts);
    if (answer === undefined) return undefined;
    if (answer !== 'failed') return { role: list.roles[answer.position] as RoleDocument, query: answer.query };
  }
  const { pickRole } = await import('./pick-role.ts');
  const terminal = await context.openPickerTerminal();
  return pickRole(wish.query, { ...look, list, terminal, ...context });
}

function hasNoProfile(description: string): NotFoundError {
  return new NotFoundError('profile-not-found', `${description} has no profile.`, {
    hint: 'rolecall profiles list',
  });
}

function nothingListed({ asOf, roles }: RolesDocument, { needsProfile }: RoleWish): NotFoundError {
  if (asOf === null) {
    return new NotFoundError('account-not-found', 'No account was ever listed here.', { hint: 'rolecall login' });
  }
  if (needsProfile && roles.length > 0) {
    return new NotFoundError('profile-not-found', 'None of your roles has a profile yet.', {
      hint: 'rolecall profiles sync',
    });
  }
  return new NotFoundError('account-not-found', 'You have no role in any account.');
}

function nothingMatches({ command, query }: RoleWish, roles: readonly RoleDocument[], index: RoleIndex): NotFoundError {
  const nameOf = ({ profile, accountName, permissionSet }: RoleDocument) =>
    profile ?? `${accountName ?? ''} ${permissionSet}`;
  const names = new Set(
    roles.flatMap((role) => [role.accountName ?? '', role.permissionSet, role.profile ?? '', role.label]),
  );
  const words = new Set(
    [...names].map((name) => name.toLowerCase()).flatMap((name) => [name, ...name.split(/[^\p{L}\p{N}]+/u)]),
  );
  const byEdits = nearestFew(query.toLowerCase(), [...words], MOST_NAMES).flatMap((word) => {
    const { positions, count } = index.search(word);
    return Array.from(positions).slice(0, count(INSIDE));
  });
  const near = [...byEdits, ...Array.from(index.search(query).positions)]
    .slice(0, MOST_NAMES)
    .map((position) => roles[position] as RoleDocument);
  const nearest = [...new Set(near.map(nameOf))].map(harmless);
  // Whoever pastes an exact name is not asked again, so a guess is never a protected role.
  const suggested = near.find((role) => !role.protected);
  const meant = nearest.length === 0 ? '' : ` The nearest: ${nearest.join(', ')}.`;
  return new NotFoundError('profile-not-found', `No role matches "${harmless(query)}".${meant}`, {
    hint: suggested === undefined ? 'rolecall ls' : `${command} ${quoteForShell(harmless(nameOf(suggested)))}`,
  });
}

/** Said before the error itself: what there is to choose from. */
function severalMatch(
  matching: readonly number[],
  roles: readonly RoleDocument[],
  { query, command }: RoleWish,
  context: CliContext,
): UsageError {
  const candidates = matching.slice(0, MOST_CANDIDATES).map((position) => roles[position] as RoleDocument);
  const { cells } = createRoleColumns(roles);
  const mark = protectedMark(context.environment);
  context.stderr.write(
    formatTable(candidates.map((role) => [role.protected ? mark : '', ...cells(role).map(({ text }) => text)])),
  );
  const more = matching.length - candidates.length;
  const tail = more > 0 ? `, of which ${candidates.length} are shown` : '';
  return new UsageError('usage', `${count(matching.length, 'role')} match "${harmless(query)}"${tail}; name one.`, {
    // The suggested command prefers a role that is not protected.
    hint: exactCommand(candidates.find((role) => !role.protected) ?? candidates[0], command),
  });
}
