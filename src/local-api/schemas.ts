// The documents of the local API as types, derived from their JSON Schemas in `schemas/`; validation and OpenAPI use the same schemas.
export type { ApprovalDocument, ApprovalsDocument, ProgramDocument } from './schemas/approvals.ts';
export type { LockAnswerDocument, LockDocument } from './schemas/lock.ts';
export type {
  ConsoleDocument,
  ConsoleRequestDocument,
  ContainerCredentialsDocument,
  CredentialsDocument,
  GrantDocument,
  GrantRequestDocument,
  IssuedGrantDocument,
} from './schemas/credentials.ts';
export type {
  AssertionDocument,
  ChallengeDocument,
  PasskeysDocument,
  RegistrationDocument,
  RegistrationOptionsDocument,
} from './schemas/passkeys.ts';
export type {
  AdoptionDocument,
  AdoptionRequestDocument,
  ProfileDocument,
  ProfilesDocument,
  RefusalDocument,
} from './schemas/profiles.ts';
export type {
  AccountsDocument,
  ChainDocument,
  CurrentRoleDocument,
  NewCurrentRole,
  RoleDocument,
  RolesDocument,
  ShownCurrentRoleDocument,
} from './schemas/roles.ts';
export type {
  FoundSessionsDocument,
  ReachDocument,
  SetupDocument,
  SetupRequestDocument,
  TeamDocument,
} from './schemas/setup.ts';
export type { SignInDocument, SignInSetupDocument, SignOutDocument } from './schemas/sign-in.ts';
export type {
  EventDocument,
  RoleRefusalDocument,
  RoleUseDocument,
  SessionStatusDocument,
  StatusDocument,
} from './schemas/status.ts';
export type { WebCodeDocument } from './schemas/web-access.ts';
export type { ViaDocument } from './schemas/via.ts';
