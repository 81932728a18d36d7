// Finds the role that command-line words mean: a unique match, the user's choice in the picker, or an error with the nearest names.
import { UsageError } from '../../core/errors.ts';
import { createRoleIndex } from '../../core/search/role-index.js';
import type { RoleDocument } from '../../local-api/schemas.ts';
import type { ProgramSearch } from '../../platform/programs/find-program.ts';
import type { CliContext, DaemonAccess, Dialog, Output } from '../context.ts';
import { createPainter } from '../terminal/render.ts';
import { confirmRole } from './confirm-role.ts';
import { decideRole, doubtOf, type Doubt } from './decide-role.ts';
import type { Picked, PickerList } from './pick-role.ts';
import { createRoleColumns, describeRole, protectedMark } from './role-columns.ts';
import { hasNoProfile, nothingListed, nothingMatches, severalMatch } from './role-errors.ts';
import type { RoleRequest } from './role-request.ts';

export interface ChosenRole {
  readonly role: RoleDocument;
  /** Account, permission set and the region of its profile in one line. */
  describe(region: string | null): string;
}

export type PickerContext = DaemonAccess &
  Dialog &
  Output &
  ProgramSearch &
  Pick<CliContext, 'clock' | 'openPickerTerminal'>;

/**
 * The role, or undefined when the user closed the picker or answered no.
 * @throws NotFoundError profile-not-found: nothing matches; account-not-found: no accounts have been listed yet
 * @throws UsageError usage: without asking, several roles match, or the one that matches has to be named exactly
 */
export async function chooseRole(request: RoleRequest, context: PickerContext): Promise<ChosenRole | undefined> {
  if (request.query === '' && request.mayAsk) {
    const { findFzf } = await import('./fzf.ts');
    if (findFzf(context) === undefined) return chooseFromFirst(request, context);
  }
  const roles = await loadRoles(request, context);
  return confirmed(await chooseAmong(roles, request, context), roles, request, context);
}

/** Opens the built-in picker without a query: it shows its first screen while the rest of up to 20,000 roles still loads. */
async function chooseFromFirst(request: RoleRequest, context: PickerContext): Promise<ChosenRole | undefined> {
  const start = context.client.call('roles', { query: { first: true } }, { signal: context.signal });
  const [document, { pickRole }] = await Promise.all([start, import('./pick-role.ts')]);
  const first = document.roles.filter((role) => isUsable(role, request));
  const list = toList(first, document.total ?? first.length);
  const terminal = first.length === 0 ? undefined : await context.openPickerTerminal();
  const all = loadRoles(request, context);
  if (terminal === undefined) {
    return confirmed(await chooseAmong(await all, request, context), await all, request, context);
  }
  const whole = all.then((roles) => toUsableList(roles, request));
  const picked = await pickRole('', { ...createLook(request, context), list, whole, terminal, ...context });
  return confirmed(judge(picked), picked === undefined ? [] : await all, request, context);
}

/** All roles, including unusable ones, as the words may mean one of them. */
async function loadRoles(request: RoleRequest, context: PickerContext): Promise<readonly RoleDocument[]> {
  const document = await context.client.call('roles', { query: {} }, { signal: context.signal });
  if (!document.roles.some((role) => isUsable(role, request))) throw nothingListed(document, request);
  return document.roles;
}

function isUsable({ profile }: RoleDocument, { needsProfile }: RoleRequest): boolean {
  return !needsProfile || profile !== null;
}

interface Candidate {
  readonly role: RoleDocument;
  readonly doubt: Doubt | undefined;
}

const judge = (picked: Picked | undefined): Candidate | undefined =>
  picked === undefined ? undefined : { role: picked.role, doubt: doubtOf(picked.role, picked.query) };

/** The role with its description; asks first if there is a doubt. */
async function confirmed(
  candidate: Candidate | undefined,
  roles: readonly RoleDocument[],
  request: RoleRequest,
  context: PickerContext,
): Promise<ChosenRole | undefined> {
  if (candidate === undefined) return undefined;
  const { role } = candidate;
  const doubt = request.isReadOnly === true ? undefined : candidate.doubt;
  const description = describeAmong(roles, role, context);
  if (doubt !== undefined && !(await confirmRole({ role, doubt, description }, request, context))) return undefined;
  return { role, describe: (region) => describeAmong(roles, { ...role, region }, context) };
}

function toList(roles: readonly RoleDocument[], total: number): PickerList {
  return { roles, total, columns: createRoleColumns(roles), index: createRoleIndex(roles) };
}

function toUsableList(roles: readonly RoleDocument[], request: RoleRequest): PickerList {
  const usable = roles.filter((role) => isUsable(role, request));
  return toList(usable, usable.length);
}

function createLook({ purpose }: RoleRequest, { environment, stderr }: Output) {
  return { purpose, mark: protectedMark(environment), paint: createPainter(stderr, environment) };
}

/** Describes a role as in the list, or by its ids when no list contains it, with a region if it has one. */
export async function describeOne(
  wanted: Pick<RoleDocument, 'session' | 'accountId' | 'permissionSet'> & { readonly region?: string | null },
  context: PickerContext,
): Promise<string> {
  const { session, accountId, permissionSet, region = null } = wanted;
  const { roles } = await context.client.call('roles', { query: {} }, { signal: context.signal });
  const role = roles.find(
    (other) => other.accountId === accountId && other.permissionSet === permissionSet && other.session === session,
  );
  const unlisted = { session, accountId, permissionSet, label: session, accountName: null, protected: false };
  return describeAmong(roles, { ...(role ?? unlisted), region }, context);
}

function describeAmong(
  roles: readonly RoleDocument[],
  role: Parameters<typeof describeRole>[0] & Pick<RoleDocument, 'session'>,
  { environment }: Pick<Output, 'environment'>,
): string {
  const isOneSession = roles.every(({ session }) => session === role.session);
  return describeRole(role, protectedMark(environment), !isOneSession);
}

async function chooseAmong(
  roles: readonly RoleDocument[],
  request: RoleRequest,
  context: PickerContext,
): Promise<Candidate | undefined> {
  const { query, mayAsk } = request;
  if (query !== '') {
    const index = createRoleIndex(roles);
    const decision = decideRole(roles, index, query, (role) => isUsable(role, request));
    if (decision.kind === 'one') {
      const doubt = decision.doubt ?? (request.isUnknownName === true ? 'name' : undefined);
      return { role: decision.role, doubt };
    }
    if (decision.kind === 'unusable') throw hasNoProfile(describeAmong(roles, decision.role, context));
    // Fuzzy matches are good enough to offer in the picker, but not to use without asking.
    if (decision.kind === 'none' && !(mayAsk && index.search(query).positions.length > 0)) {
      throw nothingMatches(request, roles, index);
    }
    if (decision.kind === 'several' && !mayAsk) throw severalMatch(decision.positions, roles, request, context);
  } else if (!mayAsk) {
    throw new UsageError('usage', 'Name a role: there is no terminal to choose one in.', {
      hint: 'rolecall profiles list',
    });
  }
  return judge(await ask(toUsableList(roles, request), request, context));
}

async function ask(list: PickerList, request: RoleRequest, context: PickerContext): Promise<Picked | undefined> {
  const { environment, signal, stderr } = context;
  const look = createLook(request, context);
  const { findFzf, pickWithFzf } = await import('./fzf.ts');
  const fzf = findFzf(context);
  if (fzf !== undefined) {
    const parts = { ...look, ...list, environment, signal, stderr };
    const answer = await pickWithFzf(fzf, request.query, list.index.search('').positions, parts);
    if (answer === undefined) return undefined;
    if (answer !== 'failed') return { role: list.roles[answer.position] as RoleDocument, query: answer.query };
  }
  const { pickRole } = await import('./pick-role.ts');
  const terminal = await context.openPickerTerminal();
  return pickRole(request.query, { ...look, list, terminal, ...context });
}
