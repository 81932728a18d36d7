// Identity Center instances that this user's files already name, for the first run: each one once, without those that are sso-sessions.
import { parseRegion, parseStartUrl } from '../../core/aws/start-url.ts';
import type { ConfigDocument, ConfigSection } from '../document/document.ts';
import { findManagedBlockLeniently, isInsideBlock } from '../document/managed-block.ts';
import { valueIn } from './credential-source.ts';
import { readForeignCommand, type AdoptionSource } from './foreign-command.ts';
import { freeName, nameFromUrl, type ForeignSession } from './session-book.ts';

export interface FoundSession {
  readonly name: string;
  readonly startUrl: string;
  readonly isAws: boolean;
  /** Null if no file has it. */
  readonly region: string | null;
  readonly tools: readonly AdoptionSource[];
  /** Profiles of the config file with this start URL. */
  readonly profiles: number;
}

export interface NamedByTool extends ForeignSession {
  readonly tool: AdoptionSource;
}

/** More would not fit on a screen, and nobody has so many. */
const MAX_FOUND = 30;

/** Pure. What is not a start URL is left out. */
export function findSessions(document: ConfigDocument, ofTools: readonly NamedByTool[]): readonly FoundSession[] {
  const found = new Map<string, Omit<FoundSession, 'name'>>();
  const known = document.sections.filter(({ kind }) => kind === 'sso-session');
  const present = new Set(known.map((section) => addressOf(valueIn(section, 'sso_start_url'))?.startUrl));
  /** As the user gave them; empty without one. */
  const names = new Map<string, string>();

  function add({ name, startUrl, region, tool }: NamedByTool, profiles: number): void {
    const address = addressOf(startUrl);
    if (address === undefined || present.has(address.startUrl)) return;
    const before = found.get(address.startUrl);
    if (before === undefined && found.size === MAX_FOUND) return;
    if ((names.get(address.startUrl) ?? '') === '') names.set(address.startUrl, name === 'Default' ? '' : name);
    found.set(address.startUrl, {
      startUrl: address.startUrl,
      isAws: address.isAws,
      region: before?.region ?? regionOf(region) ?? address.region ?? null,
      tools: [...new Set([...(before?.tools ?? []), tool])],
      profiles: (before?.profiles ?? 0) + profiles,
    });
  }

  // The tools first: their names were chosen by the user.
  for (const session of ofTools) add(session, 0);
  const block = findManagedBlockLeniently(document);
  for (const section of document.sections) {
    if (section.kind !== 'profile' && section.kind !== 'default') continue;
    if (isInsideBlock(block, section.line)) continue;
    for (const prefix of ['', 'granted_']) {
      const startUrl = valueIn(section, `${prefix}sso_start_url`);
      if (startUrl === undefined) continue;
      const region = valueIn(section, `${prefix}sso_region`) ?? '';
      add({ name: '', startUrl, region, tool: prefix === '' ? toolOf(section) : 'granted' }, 1);
    }
  }
  const taken = new Set(known.map(({ name }) => name));
  return [...found.values()].map((session) => {
    const given = names.get(session.startUrl) ?? '';
    const name = freeName(given === '' ? nameFromUrl(session.startUrl) : given, (other) => taken.has(other));
    taken.add(name);
    return { ...session, name };
  });
}

/** By the command of the profile; otherwise the AWS CLI. */
function toolOf(section: ConfigSection): AdoptionSource {
  const command = valueIn(section, 'credential_process');
  return (command === undefined ? undefined : readForeignCommand(command)?.source) ?? 'aws';
}

function addressOf(startUrl: string | undefined): ReturnType<typeof parseStartUrl> | undefined {
  try {
    return parseStartUrl(startUrl ?? '');
  } catch {
    return undefined;
  }
}

function regionOf(text: string): string | undefined {
  try {
    return parseRegion(text);
  } catch {
    return undefined;
  }
}
