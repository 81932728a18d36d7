// Ceremonies: an assertion approves the approval whose challenge it signs, and a registration adds the passkey that was approved.
import { formatUtcSeconds, monotonicNowMs, type Clock } from '../../core/clock.ts';
import { NotFoundError, RefusedError } from '../../core/errors.ts';
import type {
  AssertionDocument,
  ChallengeDocument,
  RegistrationDocument,
  RegistrationOptionsDocument,
} from '../../local-api/schemas.ts';
import type { Approval, Approvals } from '../approvals/approvals.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { CHALLENGE_LIFETIME_MS, createChallenges, type Ceremony } from './challenges.ts';
import type { Passkey, PasskeyStore } from './passkey-store.ts';
import { verifyAssertion } from './verification/assertion.ts';
import { RP_ID } from './verification/authenticator-claims.ts';
import { readChallenge } from './verification/client-claims.ts';
import { ALGORITHMS } from './verification/public-key.ts';
import { verifyRegistration } from './verification/registration.ts';

export interface Ceremonies {
  /** @throws NotFoundError approval-not-found; UnavailableError: the passkeys can't be read */
  challenge(approvalId: string): Promise<ChallengeDocument>;
  /** @throws RefusedError passkey-refused; NotFoundError approval-not-found */
  assert(approvalId: string, assertion: AssertionDocument): Promise<Approval>;
  /** @throws NotFoundError approval-not-found; RefusedError passkey-refused; UnavailableError */
  options(approvalId: string): Promise<RegistrationOptionsDocument>;
  /** @throws RefusedError passkey-refused; NotFoundError approval-not-found; UnavailableError: it can't be stored */
  register(approvalId: string, registration: RegistrationDocument): Promise<void>;
}

/** How long an approved passkey can be registered. */
const REGISTRATION_MS = 300_000;
/** Bytes of a user handle. A new one for each passkey: with a known one, an authenticator would replace its passkey. */
const USER_HANDLE_BYTES = 16;

export function createCeremonies(deps: {
  readonly approvals: Approvals;
  readonly passkeys: PasskeyStore;
  /** Undefined while the web port is not open. */
  readonly origin: () => string | undefined;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly randomBytes: (size: number) => Buffer;
  readonly clock: Clock;
}): Ceremonies {
  const { approvals, audit, clock, passkeys } = deps;
  const challenges = createChallenges(deps);
  /** Approved passkeys that are not registered yet, by approval. */
  const approved = new Map<string, { readonly label: string; readonly byClick: boolean; readonly atMs: number }>();

  approvals.subscribe({
    settled({ id, state, subject, approve }) {
      if (state !== 'approved' || subject.kind !== 'add-passkey') return;
      approved.set(id, { label: subject.label, byClick: approve === 'click', atMs: monotonicNowMs(clock) });
    },
    forgotten: () => approved.clear(),
  });

  function refuse(approvalId: string, fault: string): never {
    audit.record({ event: 'passkey-refused', surface: 'web', approvalId, code: 'passkey-refused' });
    throw new RefusedError('passkey-refused', `The passkey was refused: ${fault}.`);
  }

  /** The pending approval, if a passkey approves it. */
  function requirePending(id: string): Approval {
    const approval = approvals.find(id);
    if (approval?.state === 'pending' && approval.approve === 'passkey') return approval;
    throw notFound(id);
  }

  /** The passkey that may be registered now. */
  async function requireApproved(id: string): Promise<{ readonly label: string; readonly byClick: boolean }> {
    const found = approved.get(id);
    if (found === undefined || monotonicNowMs(clock) - found.atMs >= REGISTRATION_MS) {
      approved.delete(id);
      throw notFound(id);
    }
    // It was approved before another one was registered.
    if (found.byClick && (await passkeys.list()).length > 0) refuse(id, 'a registered passkey has to approve it');
    return found;
  }

  /** What an answer has to name, once: its challenge is used up. */
  function useChallenge(ceremony: Ceremony, approvalId: string, clientData: Buffer) {
    const challenge = readChallenge(clientData);
    const origin = deps.origin();
    if (challenge === undefined || origin === undefined || !challenges.use(ceremony, approvalId, challenge)) {
      return refuse(approvalId, 'its challenge was not for this, or was used, or is older than a minute');
    }
    return { challenge, origin };
  }

  return {
    async challenge(approvalId) {
      requirePending(approvalId);
      const known = await passkeys.compare();
      const { challenge, expiresAtMs } = challenges.issue('assertion', approvalId);
      return {
        options: {
          challenge,
          rpId: RP_ID,
          timeout: CHALLENGE_LIFETIME_MS,
          userVerification: 'required',
          allowCredentials: known.map(describe),
        },
        expiresAt: formatUtcSeconds(expiresAtMs),
      };
    },
    async assert(approvalId, assertion) {
      await passkeys.list();
      // From here on nothing is awaited: two answers must not be compared with the same counter.
      requirePending(approvalId);
      const clientData = decode(assertion.clientDataJSON);
      const expected = useChallenge('assertion', approvalId, clientData);
      const passkey = passkeys.find(encode(decode(assertion.id)));
      if (passkey === undefined) return refuse(approvalId, 'it is not registered');
      const verdict = verifyAssertion(
        {
          clientData,
          authenticatorData: decode(assertion.authenticatorData),
          signature: decode(assertion.signature),
        },
        { ...passkey, publicKey: decode(passkey.publicKey) },
        expected,
      );
      if ('fault' in verdict) return refuse(approvalId, verdict.fault);
      passkeys.keepCounter(passkey.id, verdict.counter);
      if (!approvals.approve(approvalId, 'passkey')) throw notFound(approvalId);
      return approvals.find(approvalId) ?? refuse(approvalId, 'the approval is over');
    },
    async options(approvalId) {
      const { label } = await requireApproved(approvalId);
      const known = await passkeys.compare();
      const { challenge, expiresAtMs } = challenges.issue('registration', approvalId);
      return {
        options: {
          challenge,
          rp: { id: RP_ID, name: 'rolecall' },
          user: {
            id: deps.randomBytes(USER_HANDLE_BYTES).toString('base64url'),
            name: `rolecall: ${label}`,
            displayName: `rolecall: ${label}`,
          },
          pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
          timeout: CHALLENGE_LIFETIME_MS,
          attestation: 'none',
          // Found by its id, so it takes no room in a security key.
          authenticatorSelection: { residentKey: 'discouraged', userVerification: 'required' },
          excludeCredentials: known.map(describe),
        },
        expiresAt: formatUtcSeconds(expiresAtMs),
      };
    },
    async register(approvalId, registration) {
      const { label, byClick } = await requireApproved(approvalId);
      const clientData = decode(registration.clientDataJSON);
      const expected = useChallenge('registration', approvalId, clientData);
      const { algorithm, transports } = registration;
      const [id, publicKey] = [decode(registration.id), decode(registration.publicKey)];
      const authenticatorData = decode(registration.authenticatorData);
      const verdict = verifyRegistration({ id, clientData, authenticatorData, publicKey, algorithm }, expected);
      if ('fault' in verdict) return refuse(approvalId, verdict.fault);
      // One approval, one passkey.
      if (!approved.delete(approvalId)) throw notFound(approvalId);
      const added = await passkeys.add(
        {
          id: encode(id),
          label,
          algorithm,
          publicKey: encode(publicKey),
          counter: verdict.counter,
          transports,
          addedAt: formatUtcSeconds(clock.nowMs()),
        },
        { mustBeFirst: byClick },
      );
      if (!added) return refuse(approvalId, 'it is registered already, or another one was registered first');
      audit.record({ event: 'passkey-added', surface: 'web', approvalId, label });
    },
  };
}

const decode = (text: string) => Buffer.from(text, 'base64url');
const encode = (bytes: Buffer) => bytes.toString('base64url');

function describe({ id, transports }: Passkey) {
  return { type: 'public-key' as const, id, transports: [...transports] };
}

function notFound(id: string): NotFoundError {
  return new NotFoundError('approval-not-found', `Approval ${id} does not wait for a passkey.`);
}
