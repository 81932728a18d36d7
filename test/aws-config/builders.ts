// Builders of documents, catalogs and plans with defaults for everything, so that a test names only what it needs.
import type { Catalog, CatalogAccount } from '../../src/core/model.ts';
import { parseConfigDocument } from '../../src/aws-config/document/document.ts';
import type { ProfilePlan, ProfilePlanRequest, ProfileSettings } from '../../src/aws-config/profiles/plan-types.ts';
import { planInSteps } from '../../src/aws-config/profiles/profile-plan.ts';
import { runSteps, type Steps } from '../../src/core/async/steps.ts';

const CONFIG_PATH = '/home/taylor/.aws/config';
export const SESSION_NAME = 'my-sso-session';
export const COMMAND = '/home/taylor/.local/share/rolecall/bin/rolecall-credential-process';

export function sessionSection(name: string = SESSION_NAME, region = 'us-east-1'): string {
  return [
    `[sso-session ${name}]`,
    'sso_start_url = https://d-1234567890.awsapps.com/start',
    `sso_region = ${region}`,
    'sso_registration_scopes = sso:account:access',
    '',
  ].join('\n');
}

export type AccountSketch = Partial<CatalogAccount>;

/** A complete catalog; an account defaults to 111111111111 `taylor` with `Admin`. */
export function catalog(accounts: readonly AccountSketch[] = [{}], overrides: Partial<Catalog> = {}): Catalog {
  return {
    asOfMs: 0,
    complete: true,
    accounts: accounts.map((account) => ({
      sessionName: SESSION_NAME,
      accountId: '111111111111',
      ...('accountName' in account ? {} : { accountName: 'taylor' }),
      permissionSets: ['Admin'],
      ...account,
    })),
    ...overrides,
  };
}

export interface PlanSketch extends Partial<Omit<ProfilePlanRequest, 'document' | 'settings' | 'catalogs'>> {
  readonly settings?: Partial<ProfileSettings>;
  /** A single catalog is the one of the only session. */
  readonly catalogs?: Catalog | ReadonlyMap<string, Catalog>;
}

/** The plan for a file of this text. */
export function planFor(text: string, sketch: PlanSketch = {}): ProfilePlan {
  return runSteps(stepsFor(text, sketch));
}

export function stepsFor(text: string, sketch: PlanSketch = {}): Steps<ProfilePlan> {
  const { settings, catalogs = catalog(), ...others } = sketch;
  return planInSteps({
    document: parseConfigDocument(text, CONFIG_PATH),
    catalogs: 'accounts' in catalogs ? new Map([[SESSION_NAME, catalogs]]) : catalogs,
    settings: {
      nameTemplate: '{account_name}.{permission_set}',
      style: 'credential_process',
      defaultFollowsCurrent: false,
      exclude: [],
      ...settings,
    },
    credentialProcessPath: COMMAND,
    ...others,
  });
}

export function namesOf(plan: ProfilePlan): string[] {
  return plan.profiles.map(({ profileName }) => profileName);
}
