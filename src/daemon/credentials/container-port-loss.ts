// Tells people and programs why grants no longer work: their port was lost, or their file was damaged.
import { RefusedError, RolecallError } from '../../core/errors.ts';
import type { Problems } from '../../core/problems.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Grant, Grants } from './grants.ts';

export interface ContainerPortLoss {
  /** The port could have been bound by another program while no daemon ran. */
  reportLost(port: number): void;
  reportTaken(port: number): void;
  /** Replaces the refusal of an unknown grant if grants were lost: the caller most likely had one of them. */
  explain(admitted: Grant | RolecallError): Grant | RolecallError;
}

export function createContainerPortLoss(deps: {
  readonly audit: Pick<AuditLog, 'record'>;
  readonly grants: Pick<Grants, 'haveGaps'>;
  readonly problems: Pick<Problems, 'raise'>;
}): ContainerPortLoss {
  let wasLost = false;

  return {
    reportLost(port) {
      wasLost = true;
      deps.audit.record({ event: 'container-port-lost', surface: 'daemon' });
      deps.problems.raise('container port', {
        code: 'container-port-lost',
        message: `Running "rolecall exec" commands get credentials on port ${port}, which was free while no daemon was running. Their grants have ended: start these commands again.`,
        hint: 'rolecall exec --help',
      });
    },
    reportTaken(port) {
      deps.problems.raise('container port', {
        code: 'container-port-taken',
        message: `Another program uses port ${port}, on which running "rolecall exec" commands get credentials. They no longer get any: start them again.`,
        hint: 'rolecall exec --help',
      });
    },
    explain(admitted) {
      if (!(admitted instanceof RolecallError) || admitted.code !== 'token-required') return admitted;
      if (deps.grants.haveGaps) {
        return new RefusedError(
          'token-required',
          'This URL or token is not valid. The grants file was damaged and may have contained its grant: start the command again.',
          { hint: 'rolecall exec --help' },
        );
      }
      if (!wasLost) return admitted;
      return new RefusedError(
        'container-port-lost',
        'The grant of this command has ended: its port was free while no daemon was running. Start the command again.',
      );
    },
  };
}
