// An sso-session added to the shared config file: three lines at the end, and every byte before them as it was.
import { ConflictError, UsageError } from '../../core/errors.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import type { ConfigDocument } from '../document/document.ts';
import { parseConfigDocument, requireWellFormed, valueOf } from '../document/document.ts';
import { missingNewline, newlineOfDocument } from '../document/managed-block.ts';

export interface NewSession {
  readonly sessionName: string;
  readonly startUrl: string;
  readonly region: string;
}

/** What every client reads without quotes. */
const NAME = /^[A-Za-z0-9_.@/-]{1,64}$/u;

/**
 * The file's text with the session in it; the very same text when it has exactly this one.
 * @throws UsageError config-malformed: AWS's clients refuse the file already; invalid-request: the name
 * @throws ConflictError config-section-not-ours: it has another session of that name
 */
export function addSession(document: ConfigDocument, session: NewSession): string {
  const { sessionName, startUrl, region } = session;
  if (!NAME.test(sessionName)) {
    throw new UsageError('invalid-request', 'The name of an sso-session has letters, digits and . _ - @ / only.', {
      hint: 'rolecall setup',
    });
  }
  requireWellFormed(document);
  const present = document.sections.find(({ kind, name }) => kind === 'sso-session' && name === sessionName);
  if (present !== undefined) {
    const isSame =
      valueOf(document, present, 'sso_start_url')?.value === startUrl &&
      valueOf(document, present, 'sso_region')?.value === region;
    if (isSame) return document.text;
    throw new ConflictError(
      'config-section-not-ours',
      `${document.path} has another [sso-session ${sessionName}] already, on line ${present.line}; take another name.`,
      { hint: `rolecall login ${quoteForShell(sessionName)}` },
    );
  }
  const added = appendSessions(document, [session]);
  requireWellFormed(parseConfigDocument(added, document.path));
  return added;
}

/** The text with these sessions at its end; the caller knows that their names are free and safe. */
export function appendSessions(document: ConfigDocument, sessions: readonly NewSession[]): string {
  const { text } = document;
  if (sessions.length === 0) return text;
  const newline = newlineOfDocument(document, undefined);
  const sections = sessions.map(({ sessionName, startUrl, region }) =>
    [
      `[sso-session ${sessionName}]`,
      `sso_start_url = ${startUrl}`,
      `sso_region = ${region}`,
      'sso_registration_scopes = sso:account:access',
      '',
    ].join(newline),
  );
  const gap = text.trim() === '' ? '' : newline;
  return text + missingNewline(text, newline) + gap + sections.join(newline);
}
