// What `rolecall log` calls each event.
import type { AuditEvent } from '../../../local-api/schemas/audit.ts';
import type { Style } from '../../terminal/render.ts';

interface EventWords {
  readonly text: string;
  readonly style?: Style;
}

export const EVENT_WORDS: Readonly<Record<AuditEvent, EventWords>> = {
  'approval-asked': { text: 'approval asked', style: 'yellow' },
  'approval-expired': { text: 'approval expired', style: 'red' },
  'approval-given': { text: 'approved', style: 'green' },
  'approval-refused': { text: 'approval refused', style: 'red' },
  'console-opened': { text: 'console link' },
  'container-port-lost': { text: 'grants lost', style: 'red' },
  'credentials-issued': { text: 'credentials' },
  'credentials-refused': { text: 'refused', style: 'red' },
  'current-role-cleared': { text: 'switched off' },
  'current-role-switched': { text: 'switched to' },
  'daemon-started': { text: 'daemon started', style: 'dim' },
  'daemon-stopped': { text: 'daemon stopped', style: 'dim' },
  'grant-ended': { text: 'grant ended', style: 'dim' },
  'grant-issued': { text: 'grant' },
  'grant-revoked': { text: 'grant revoked', style: 'dim' },
  'lines-lost': { text: 'lines lost', style: 'red' },
  locked: { text: 'locked', style: 'yellow' },
  'passkey-added': { text: 'passkey added', style: 'yellow' },
  'passkey-refused': { text: 'passkey refused', style: 'red' },
  'passkey-removed': { text: 'passkey removed', style: 'yellow' },
  'profiles-written': { text: 'profiles written', style: 'dim' },
  'settings-written': { text: 'settings written' },
  'sign-in-approved': { text: 'signed in', style: 'green' },
  'sign-in-denied': { text: 'sign-in denied', style: 'red' },
  'sign-in-expired': { text: 'sign-in expired', style: 'red' },
  'signed-out': { text: 'signed out' },
  'team-taken': { text: 'team file taken' },
  unlocked: { text: 'unlocked', style: 'yellow' },
  'web-code-exchanged': { text: 'page opened', style: 'dim' },
  'web-code-refused': { text: 'page code refused', style: 'red' },
};
