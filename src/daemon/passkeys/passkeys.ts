// Passkeys: approve what a click must not, and are added and removed only with a person's approval.
import type { Clock } from '../../core/clock.ts';
import { NotFoundError, UnavailableError, UsageError, type ErrorBody } from '../../core/errors.ts';
import type { ApprovalDocument, PasskeysDocument } from '../../local-api/schemas.ts';
import { toFailure } from '../../platform/files/file-error.ts';
import type { Approval, Approvals, Subject } from '../approvals/approvals.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Caller } from '../http/caller.ts';
import type { LateLoading } from '../http/late-loading.ts';
import type { Handlers } from '../http/surface.ts';
import type { Log } from '../process/log.ts';
import type { Settings } from '../settings/settings.ts';
import type { WebAccess } from '../web-access/web-access.ts';
import type { PasskeyStore } from './passkey-store.ts';

export interface Passkeys {
  readonly handlers: Pick<
    Handlers,
    | 'passkeys'
    | 'addPasskey'
    | 'removePasskey'
    | 'passkeyPage'
    | 'passkeyOptions'
    | 'registerPasskey'
    | 'approvalChallenge'
    | 'approvalAssertion'
  >;
}

const MAX_PASSKEYS = 16;

const NONE_REGISTERED = {
  code: 'approval-refused',
  message: 'No passkey is registered.',
  hint: 'rolecall passkey add',
} as const satisfies ErrorBody;

export function createPasskeys(deps: {
  readonly settings: Pick<Settings, 'protect' | 'unlock'>;
  readonly passkeyStore: PasskeyStore;
  readonly approvals: Approvals;
  readonly describeApproval: (approval: Approval) => Promise<ApprovalDocument>;
  readonly webAccess: Pick<WebAccess, 'passkeyUrl' | 'issueCode'>;
  /** A person is at the machine: a locked keychain may open its dialog, once. */
  readonly personActs: () => void;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly lateLoading: Pick<LateLoading, 'defer'>;
  readonly randomBytes: (size: number) => Buffer;
  readonly clock: Clock;
  readonly log: Log;
}): Passkeys {
  const { approvals, audit, describeApproval, log, passkeyStore, personActs, webAccess } = deps;
  // Before another program can change the store under this daemon; not without need, because each call to a keychain takes time.
  const { protect, unlock } = deps.settings;
  if (unlock === 'passkey' || protect.some((rule) => rule.approve === 'passkey')) {
    passkeyStore.list().catch(() => undefined);
  }
  const loadCeremonies = deps.lateLoading.defer(async () => {
    const { createCeremonies } = await import('./ceremonies.ts');
    return createCeremonies({ ...deps, passkeys: passkeyStore, origin: webAccess.passkeyUrl });
  });

  approvals.subscribe({
    places({ approve }) {
      if (approve !== 'passkey') return { places: [] };
      if (passkeyStore.peek()?.length === 0) return { places: [], problem: NONE_REGISTERED };
      return { places: webAccess.passkeyUrl() === undefined ? [] : ['page'] };
    },
    settled({ id: approvalId, state, subject }) {
      if (state !== 'approved' || subject.kind !== 'remove-passkey') return;
      const { label } = subject;
      passkeyStore.remove(subject.id).then(
        () => audit.record({ event: 'passkey-removed', surface: 'web', approvalId, label }),
        (error: unknown) => log('error', `the passkey was not removed: ${toFailure(error).message}`),
      );
    },
  });

  async function describe(): Promise<PasskeysDocument> {
    const found = await passkeyStore.compare().catch((error: unknown) => {
      if (error instanceof UnavailableError) return error;
      throw error;
    });
    const isReadable = !(found instanceof UnavailableError);
    return {
      passkeys: isReadable
        ? found.map(({ id, label, addedAt, transports }) => ({ id, label, addedAt, transports: [...transports] }))
        : [],
      url: webAccess.passkeyUrl() ?? null,
      isPersistent: passkeyStore.isPersistent(),
      problem: isReadable ? null : found.toBody(),
    };
  }

  async function ask(subject: Subject, approve: 'click' | 'passkey', caller: Caller): Promise<ApprovalDocument> {
    const program = await caller.program();
    return describeApproval(approvals.ask({ subject, approve, surface: caller.surface, program, mayAskAgain: true }));
  }

  return {
    handlers: {
      passkeys: describe,
      async addPasskey({ body: { label } }, caller) {
        personActs();
        // Before anybody can answer: they remember what was approved.
        await loadCeremonies();
        const known = await passkeyStore.compare();
        if (known.some((passkey) => passkey.label === label)) throw invalid(`There is a passkey "${label}" already.`);
        if (known.length >= MAX_PASSKEYS) throw invalid(`There are ${MAX_PASSKEYS} passkeys already.`);
        return ask({ kind: 'add-passkey', label }, known.length === 0 ? 'click' : 'passkey', caller);
      },
      async removePasskey({ id }, caller) {
        personActs();
        const passkey = (await passkeyStore.compare()).find((known) => known.id === id);
        if (passkey === undefined) throw new NotFoundError('passkey-not-found', 'There is no passkey with this id.');
        return ask({ kind: 'remove-passkey', id, label: passkey.label }, 'passkey', caller);
      },
      passkeyPage: async () => webAccess.issueCode('passkeyUrl'),
      async passkeyOptions({ approval }) {
        personActs();
        return (await loadCeremonies()).options(approval);
      },
      async registerPasskey({ approval, body }) {
        await (await loadCeremonies()).register(approval, body);
        return describe();
      },
      async approvalChallenge({ id }) {
        personActs();
        return (await loadCeremonies()).challenge(id);
      },
      async approvalAssertion({ id, body }) {
        const ceremonies = await loadCeremonies();
        return describeApproval(await ceremonies.assert(id, body));
      },
    },
  };
}

/** Why no passkey can approve anything now; undefined if one can. */
export async function findPasskeyObstacle(passkeyStore: Pick<PasskeyStore, 'list'>): Promise<ErrorBody | undefined> {
  try {
    if ((await passkeyStore.list()).length > 0) return undefined;
    return NONE_REGISTERED;
  } catch (error) {
    const { message, hint } = toFailure(error);
    return { code: 'approval-refused', message: `The passkeys can't be read. ${message}`, hint };
  }
}

function invalid(message: string): UsageError {
  return new UsageError('invalid-request', message, { hint: 'rolecall passkey list' });
}
