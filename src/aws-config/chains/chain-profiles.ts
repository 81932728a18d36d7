// Reads the hand-written profiles that assume a role from one of ours: `role_arn` with `source_profile`.
import { isChained, MAX_ROLES_IN_A_ROW, parseRoleArn, roleOfChain } from '../../core/aws/chain-role.ts';
import { findPartition } from '../../core/aws/partitions.ts';
import type { ChainDefinition } from '../../core/model.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';
import type { ConfigDocument, ConfigSection } from '../document/document.ts';
import { findManagedBlockLeniently, isInsideBlock } from '../document/managed-block.ts';
import { readChainKeys, type ChainFault, type ChainKeys } from './chain-keys.ts';
import { createSourceReader, type FoundSource, type SourceReader, type SourceSurroundings } from './chain-sources.ts';

/** A profile with `role_arn`: what it leads to, or why rolecall cannot use it. */
export type ChainProfile = {
  readonly profileName: string;
  /** Of the section's header. */
  readonly line: number;
  /** As written; absent if the profile has none. */
  readonly sourceName?: string;
} & ({ readonly definition: ChainDefinition } | { readonly fault: ProfileFault });

export interface ProfileFault extends ChainFault {
  /** To print after the path of the file: `line 7: the profile "x" cannot be used: …` */
  readonly sentence: string;
}

export interface ChainSurroundings extends SourceSurroundings {
  /** For profiles without `role_session_name`, by sso-session. */
  readonly defaultSessionName: (sessionName: string) => string;
}

const NO_CHAINS: readonly never[] = [];

type Reading =
  | { readonly definition: ChainDefinition; readonly hops: number }
  | { readonly fault: ChainFault; readonly origin: ConfigSection };

interface Chain {
  readonly section: ConfigSection;
  readonly keys: ChainKeys;
}

/** All profiles outside our block that have a `role_arn`, in file order. Costs little for a file without any. */
export function readChainProfiles(document: ConfigDocument, around: ChainSurroundings): readonly ChainProfile[] {
  const block = findManagedBlockLeniently(document);
  const sections = document.sections.filter(
    ({ kind, line, entries }) =>
      (kind === 'profile' || kind === 'default') &&
      entries.some(({ key, value }) => key === 'role_arn' && value !== '') &&
      !isInsideBlock(block, line),
  );
  if (sections.length === 0) return NO_CHAINS;
  // Of two sections with one name the later one counts, as in botocore.
  const chains = new Map<string, Chain>(
    sections.map((section) => [section.name, { section, keys: readChainKeys(document, section) }]),
  );
  const readings = new Map<string, Reading>();
  const sources = createSourceReader(document, block, around);
  const describe = createDescription(document, readings, sources, around);

  for (const name of chains.keys()) {
    const { way, loop } = followSources(name, chains, { readings, sources });
    for (const [member, reading] of refuseLoop(loop, chains, document.path)) readings.set(member, reading);
    for (const chain of way.toReversed()) readings.set(chain.section.name, describe(chain));
  }
  return [...chains].flatMap(([profileName, { section, keys }]) => {
    const reading = readings.get(profileName);
    if (reading === undefined) return [];
    const outcome =
      'fault' in reading ? { fault: withSentence(profileName, reading.fault) } : { definition: reading.definition };
    const source = keys.source === undefined ? {} : { sourceName: keys.source.name };
    return [{ profileName, line: section.line, ...source, ...outcome }];
  });
}

function withSentence(profileName: string, fault: ChainFault): ProfileFault {
  const { line, reason } = fault;
  const end = reason.endsWith('?') ? '' : '.';
  return { ...fault, sentence: `line ${line}: the profile "${profileName}" cannot be used: ${reason}${end}` };
}

/** The chains from `name` to one that is known, or whose source is no chain; those that form a loop are apart. */
function followSources(
  name: string,
  chains: ReadonlyMap<string, Chain>,
  known: { readonly readings: ReadonlyMap<string, unknown>; readonly sources: Pick<SourceReader, 'hasKeys'> },
): { readonly way: readonly Chain[]; readonly loop: readonly string[] } {
  const way = new Map<string, Chain>();
  for (let current: string | undefined = name; current !== undefined && !known.readings.has(current);) {
    const chain = chains.get(current);
    if (chain === undefined) break;
    if (way.has(current)) {
      const names = [...way.keys()];
      const loop = names.slice(names.indexOf(current));
      for (const member of loop) way.delete(member);
      return { way: [...way.values()], loop };
    }
    way.set(current, chain);
    const source = chain.keys.source?.name;
    current = source === undefined || known.sources.hasKeys(source) ? undefined : source;
  }
  return { way: [...way.values()], loop: [] };
}

function refuseLoop(
  names: readonly string[],
  chains: ReadonlyMap<string, Chain>,
  path: string,
): readonly (readonly [string, Reading])[] {
  return names.flatMap((name, index) => {
    const { section, keys } = chains.get(name) ?? {};
    if (section === undefined || keys?.source === undefined) return [];
    const loop = [...names.slice(index), ...names.slice(0, index), name].join(' -> ');
    const reason =
      names.length === 1 ? 'its source_profile is the profile itself' : `its source profiles form a loop: ${loop}`;
    const { line } = keys.source;
    return [[name, { fault: { kind: 'broken', line, reason, hint: editCommand(path, line) }, origin: section }]];
  });
}

/** A function that describes a chain whose source, if it is a chain, is in `readings`. */
function createDescription(
  document: ConfigDocument,
  readings: ReadonlyMap<string, Reading>,
  sources: SourceReader,
  { sessions, credentialsFile, defaultSessionName }: ChainSurroundings,
): (chain: Chain) => Reading {
  return ({ section, keys: { source, call } }) => {
    const refuse = ({
      line,
      hint = editCommand(document.path, line),
      ...fault
    }: Omit<ChainFault, 'hint'> & { hint?: string }) => ({
      fault: { line, hint, ...fault },
      origin: section,
    });
    if (source === undefined) {
      return refuse(
        'reason' in call ? call : { kind: 'broken', line: section.line, reason: 'it has no source_profile' },
      );
    }
    const before = sources.hasKeys(source.name) ? undefined : readings.get(source.name);
    if (before !== undefined && 'fault' in before) {
      const { fault, origin } = before;
      const reason = `it needs the profile "${origin.name}" (line ${origin.line}), which cannot be used: ${fault.reason}`;
      return { fault: { ...fault, line: source.line, reason }, origin };
    }
    const found: FoundSource =
      before === undefined ? sources.read(source.name) : { role: roleOfChain(before.definition) };
    if ('reason' in found) return refuse({ ...found, line: source.line });
    if ('reason' in call) return refuse(call);
    const keysLine = credentialsFile.names.get(section.name);
    if (keysLine !== undefined) {
      const reason = `AWS clients also read it from ${credentialsFile.path}, line ${keysLine}`;
      return refuse({ kind: 'ours', line: section.line, reason, hint: editCommand(credentialsFile.path, keysLine) });
    }
    // A profile of a [[chain]] starts from a permission set.
    const hops = (before?.hops ?? (isChained(found.role) ? 1 : 0)) + 1;
    if (hops > MAX_ROLES_IN_A_ROW) {
      const reason = `more than ${MAX_ROLES_IN_A_ROW} roles would have to be assumed one after the other`;
      return refuse({ kind: 'ours', line: source.line, reason });
    }
    const { roleArn, roleArnLine, options } = call;
    const session = sessions.find(({ sessionName }) => sessionName === found.role.sessionName);
    const partition = findPartition(session?.region.toLowerCase() ?? '')?.name;
    const ofArn = parseRoleArn(roleArn)?.partition;
    if (partition !== undefined && partition !== ofArn) {
      const reason = `its role_arn is in the partition ${ofArn}, its source in ${partition}`;
      return refuse({ kind: 'broken', line: roleArnLine, reason });
    }
    const roleSessionName = options.roleSessionName ?? defaultSessionName(found.role.sessionName);
    const definition = { name: section.name, source: found.role, roleArn, ...options, roleSessionName };
    return { definition: { ...definition, origin: 'config' }, hops };
  };
}
