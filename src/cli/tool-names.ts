// What people call the tools whose profiles and sso-sessions rolecall can take over.
import type { FoundSessionsDocument } from '../local-api/schemas.ts';

export type Tool = FoundSessionsDocument['sessions'][number]['tools'][number];

export const TOOL_NAMES: Readonly<Record<Tool, string>> = {
  aws: 'AWS CLI',
  'aws-sso': 'aws-sso-cli',
  granted: 'Granted',
  'aws-vault': 'aws-vault',
  leapp: 'Leapp',
};
