// The sso-sessions that adopted profiles use: those of the config file, and those to add to it.
import { parseRegion, parseStartUrl } from '../../core/aws/start-url.ts';
import type { ConfigDocument } from '../document/document.ts';
import { reduceName } from '../profiles/profile-names.ts';
import { matchesSessionSelector } from '../profiles/session-selector.ts';
import type { NewSession } from '../sessions/new-session.ts';
import { valueIn, type CredentialSource } from './credential-source.ts';

/** An Identity Center instance from the settings of another tool. */
export interface ForeignSession {
  readonly name: string;
  readonly startUrl: string;
  readonly region: string;
}

export interface SessionBook {
  /** The session's name in the file, planned if it is new, or why there is none. */
  find(wanted: CredentialSource['session']): string | { readonly reason: string };
  /** Adds a session of aws-sso to the file unless the file has it. */
  take(awsSsoName: string): void;
  added(): readonly NewSession[];
}

export function createSessionBook(document: ConfigDocument, awsSsoSessions: readonly ForeignSession[]): SessionBook {
  const present = document.sections
    .filter(({ kind }) => kind === 'sso-session')
    .map((section) => ({
      sessionName: section.name,
      address: addressOf(valueIn(section, 'sso_start_url'), valueIn(section, 'sso_region')),
    }));
  const added: NewSession[] = [];

  function byAddress(
    startUrl: string | undefined,
    region: string | undefined,
    wanted: string,
  ): string | { reason: string } {
    const address = addressOf(startUrl, region);
    if (address === undefined) return { reason: 'its start URL or region is missing or not valid' };
    const same = [
      ...present,
      ...added.map(({ sessionName, ...rest }) => ({ sessionName, address: addressOf(rest.startUrl, rest.region) })),
    ].filter((candidate) => candidate.address?.key === address.key);
    const [first, second] = same;
    if (second !== undefined) {
      return {
        reason: `the sso-sessions ${same.map(({ sessionName }) => sessionName).join(' and ')} have the same start URL, so its session is ambiguous`,
      };
    }
    if (first !== undefined) return first.sessionName;
    const sessionName = freeName(wanted, (name) =>
      [...present, ...added].some((session) => session.sessionName === name),
    );
    added.push({ sessionName, startUrl: address.startUrl, region: address.region });
    return sessionName;
  }

  function byAwsSsoName(name: string | undefined): string | { reason: string } {
    const [only, ...others] = awsSsoSessions;
    const found =
      name === undefined && others.length === 0
        ? only
        : awsSsoSessions.find((session) => session.name === (name ?? 'Default'));
    if (found !== undefined) return byAddress(found.startUrl, found.region, found.name);
    return { reason: `the settings of aws-sso have no "${name ?? 'Default'}"` };
  }

  return {
    find(wanted) {
      switch (wanted.kind) {
        case 'named':
          return present.some(({ sessionName }) => sessionName === wanted.name)
            ? wanted.name
            : { reason: `there is no [sso-session ${wanted.name}]` };
        case 'selector':
          return (
            present.find(({ sessionName }) => matchesSessionSelector(wanted.selector, sessionName))?.sessionName ?? {
              reason: `there is no sso-session "${wanted.selector}"`,
            }
          );
        case 'url':
          return byAddress(wanted.startUrl, wanted.region, nameFromUrl(wanted.startUrl));
        case 'aws-sso':
          return byAwsSsoName(wanted.name);
      }
    },
    take: (awsSsoName) => void byAwsSsoName(awsSsoName),
    added: () => added,
  };
}

/** The normalized address: different spellings of one portal have the same `key`. */
function addressOf(
  startUrl: string | undefined,
  region: string | undefined,
): { readonly key: string; readonly startUrl: string; readonly region: string } | undefined {
  try {
    const parsed = { startUrl: parseStartUrl(startUrl ?? '').startUrl, region: parseRegion(region ?? '') };
    return { key: `${parsed.startUrl} ${parsed.region}`, ...parsed };
  } catch {
    return undefined;
  }
}

export function nameFromUrl(startUrl: string | undefined): string {
  const label = /^https?:\/\/([a-z0-9-]+)\./iu.exec(startUrl ?? '')?.[1] ?? '';
  return /^(?:d-[0-9a-f]+|ssoins-.*|start|identitycenter|)$/iu.test(label) ? 'my-sso-session' : label;
}

export function freeName(wanted: string, isTaken: (name: string) => boolean): string {
  const base = reduceName(wanted).slice(0, 60) || 'my-sso-session';
  for (let attempt = 1; ; attempt += 1) {
    const name = attempt === 1 ? base : `${base}-${attempt}`;
    if (!isTaken(name)) return name;
  }
}
