// Appends an sso-session to the text of the shared config file; every existing byte is kept.
import { ConflictError, UsageError } from '../../core/errors.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';
import type { ConfigDocument } from '../document/document.ts';
import { parseConfigDocument, requireWellFormed, valueOf } from '../document/document.ts';
import { missingNewline, newlineOfDocument } from '../document/managed-block.ts';

export interface NewSession {
  readonly sessionName: string;
  readonly startUrl: string;
  readonly region: string;
}

/** Names that every client reads without quotes. */
const NAME = /^[A-Za-z0-9_.@/-]{1,64}$/u;

/**
 * The file's text with the session added; the same text when it already has exactly this session.
 * @throws UsageError config-malformed: AWS clients cannot read the file; invalid-request: the name
 * @throws ConflictError config-section-not-ours: it has another session of that name
 */
export function addSession(document: ConfigDocument, session: NewSession): string {
  const { sessionName, startUrl, region } = session;
  if (!NAME.test(sessionName)) {
    throw new UsageError(
      'invalid-request',
      'The name of an sso-session may contain only letters, digits and . _ - @ / (at most 64 characters).',
      {
        hint: 'rolecall setup',
      },
    );
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
      `${document.path} already has a different [sso-session ${sessionName}], on line ${present.line}. Correct that one, or choose another name.`,
      { hint: editCommand(document.path, present.line) },
    );
  }
  const added = appendSessions(document, [session]);
  requireWellFormed(parseConfigDocument(added, document.path));
  return added;
}

/** The text with these sessions appended; the caller has checked that their names are free and valid. */
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
