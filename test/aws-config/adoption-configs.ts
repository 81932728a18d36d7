// Realistic config files with the expected result of an adoption.
import type { ForeignSession } from '../../src/aws-config/adoption/session-book.ts';

export interface AdoptionConfig {
  readonly name: string;
  readonly text: string;
  readonly awsSso?: readonly ForeignSession[];
  /** `PROFILE -> SESSION ACCOUNT ROLE`. */
  readonly adopted: readonly string[];
  /** `PROFILE: REASON`; the reason may be a prefix. */
  readonly left?: readonly string[];
  readonly newSessions?: readonly string[];
}

const CORP =
  '[sso-session corp]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = us-east-1\nsso_registration_scopes = sso:account:access\n';

const native = (name: string, account: string, role: string) =>
  `[profile ${name}]\nsso_session = corp\nsso_account_id = ${account}\nsso_role_name = ${role}\nregion = us-east-1\noutput = json\n`;

export const ADOPTION_CONFIGS: readonly AdoptionConfig[] = [
  {
    name: 'aws configure sso, twice',
    text: `${native('dev', '111111111111', 'Dev')}${CORP}${native('prod', '222222222222', 'ReadOnly')}`,
    adopted: ['dev -> corp 111111111111 Dev', 'prod -> corp 222222222222 ReadOnly'],
  },
  {
    name: 'CRLF, comments, tabs, no newline at the end',
    text: `# work\r\n${CORP.replaceAll('\n', '\r\n')}\r\n[profile dev]\t; mine\r\n\tsso_session\t=\tcorp\r\n\t# the account\r\n\tsso_account_id\t=\t111111111111\r\n\tregion\t=\teu-west-1\r\n\tsso_role_name\t=\tDev`,
    adopted: ['dev -> corp 111111111111 Dev'],
  },
  {
    name: 'nested s3 and services',
    text: `${CORP}\n[default]\ns3 =\n  max_concurrent_requests = 20\n  sso_session = no such key\n[services local]\ns3 =\n\tendpoint_url = http://localhost:4566\n\n[profile dev]\nservices = local\nsso_session=corp\nsso_account_id=111111111111\ns3 =\n    addressing_style = path\nsso_role_name=Dev\n`,
    adopted: ['dev -> corp 111111111111 Dev'],
  },
  {
    name: 'legacy profiles without an sso-session, [default] too',
    text: '[default]\nsso_start_url = https://acme.awsapps.com/start/\nsso_region = eu-west-1\nsso_account_id = 111111111111\nsso_role_name = Dev\nregion = eu-west-1\n[profile b]\nsso_start_url = https://acme.awsapps.com/start#/\nsso_region = eu-west-1\nsso_account_id = 222222222222\nsso_role_name = Dev\n[profile c]\nsso_start_url = https://d-9876543210.awsapps.com/start\nsso_region = us-east-2\nsso_account_id = 333333333333\nsso_role_name = Dev\n',
    adopted: ['default -> acme 111111111111 Dev', 'b -> acme 222222222222 Dev', 'c -> my-sso-session 333333333333 Dev'],
    newSessions: [
      'acme https://acme.awsapps.com/start eu-west-1',
      'my-sso-session https://d-9876543210.awsapps.com/start us-east-2',
    ],
  },
  {
    name: 'legacy beside a session of the same portal, and a session of the wanted name with another portal',
    text: `${CORP}[sso-session acme]\nsso_start_url = https://other.awsapps.com/start\nsso_region = us-east-1\n[profile old]\nsso_start_url = https://d-1234567890.awsapps.com/start/#/\nsso_region = us-east-1\nsso_account_id = 111111111111\nsso_role_name = Dev\n[profile new]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = us-east-1\nsso_account_id = 111111111111\nsso_role_name = Dev\n`,
    adopted: ['old -> corp 111111111111 Dev', 'new -> acme-2 111111111111 Dev'],
    newSessions: ['acme-2 https://acme.awsapps.com/start us-east-1'],
  },
  {
    name: 'two users at one start URL',
    text: `${CORP}${CORP.replace('corp', 'admin')}[profile old]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = us-east-1\nsso_account_id = 111111111111\nsso_role_name = Dev\n[profile named]\nsso_session = admin\nsso_account_id = 111111111111\nsso_role_name = Dev\n`,
    adopted: ['named -> admin 111111111111 Dev'],
    left: ['old: the sso-sessions corp and admin have the same start URL'],
  },
  {
    name: "aws-sso-cli's block",
    text: `[default]\nregion = us-east-1\n# BEGIN_AWS_SSO_CLI\n\n[profile Log Archive:ReadOnly]\ncredential_process = /opt/homebrew/bin/aws-sso -u open -S "Default" process --arn arn:aws:iam::044444444444:role/ReadOnly\noutput=json\n\n[profile "two words"]\ncredential_process = aws-sso -S "Other" process --arn arn:aws:iam::044444444444:role/Dev\n\n[profile gone]\ncredential_process = aws-sso -S "Gone" process --arn arn:aws:iam::044444444444:role/Dev\n\n# END_AWS_SSO_CLI\n`,
    awsSso: [
      { name: 'Default', startUrl: 'https://d-1234567890.awsapps.com/start', region: 'us-east-1' },
      { name: 'Other', startUrl: 'https://other.awsapps.com/start', region: 'eu-west-1' },
      { name: 'Unused Corp!', startUrl: 'https://unused.awsapps.com/start', region: 'eu-west-1' },
    ],
    adopted: ['two words -> Other 044444444444 Dev'],
    left: ['gone: the settings of aws-sso have no "Gone"'],
    newSessions: [
      'Other https://other.awsapps.com/start eu-west-1',
      'Default https://d-1234567890.awsapps.com/start us-east-1',
      'Unused-Corp https://unused.awsapps.com/start eu-west-1',
    ],
  },
  {
    name: 'aws-sso-cli without its settings',
    text: '# BEGIN_AWS_SSO_CLI_Default\n[profile x]\ncredential_process = aws-sso process --arn arn:aws:iam::044444444444:role/ReadOnly\n# END_AWS_SSO_CLI_Default\n',
    adopted: [],
    left: ['x: the settings of aws-sso have no "Default"'],
  },
  {
    name: 'granted sso populate and a registry',
    text: '[profile audit-account]\ngranted_sso_start_url      = `https://d-1234567890.awsapps.com/start/#`\ngranted_sso_region         = ap-south-1\ngranted_sso_account_id     = 774305599951\ngranted_sso_role_name      = ne-audit-admin-sso\ncommon_fate_generated_from = aws-sso\ncredential_process         = granted credential-process --profile audit-account\n\n[granted_registry_start test]\n[profile shared/Dev]\ngranted_sso_start_url = https://d-1234567890.awsapps.com/start\ngranted_sso_region = ap-south-1\ngranted_sso_account_id = 111111111111\ngranted_sso_role_name = Dev\ncredential_process = granted credential-process --auto-login --profile shared/Dev\n[granted_registry_end test]\n',
    adopted: [
      'audit-account -> my-sso-session 774305599951 ne-audit-admin-sso',
      'shared/Dev -> my-sso-session 111111111111 Dev',
    ],
    newSessions: ['my-sso-session https://d-1234567890.awsapps.com/start ap-south-1'],
  },
  {
    name: "granted on top of AWS's own keys",
    text: `${CORP}[profile dev]\nsso_session = corp\ncredential_process = granted credential-process --profile dev\nsso_account_id = 111111111111\nsso_role_name = Dev\ngranted_color = blue\n`,
    adopted: ['dev -> corp 111111111111 Dev'],
  },
  {
    name: 'aws-vault with sso, include_profile, IAM users and itself',
    text: `${CORP}[profile base]\nsso_session = corp\nsso_role_name = Dev\n[profile dev-sso]\ninclude_profile = base\nsso_account_id = 111111111111\n[profile dev]\ncredential_process = aws-vault exec dev-sso --json\nregion = us-east-1\n[profile self]\nsso_session = corp\nsso_account_id = 222222222222\nsso_role_name = Dev\ncredential_process = aws-vault export --format=json self\n[profile iam]\nmfa_serial = arn:aws:iam::111111111111:mfa/x\n[profile keys]\ncredential_process = aws-vault exec iam --json\n[profile lost]\ncredential_process = aws-vault exec nowhere --json\n`,
    adopted: ['dev -> corp 111111111111 Dev', 'self -> corp 222222222222 Dev'],
    left: [
      'base: it names no account and permission set',
      'dev-sso: it names no account',
      'keys: its keys belong to an IAM user',
      'lost: it refers to the profile "nowhere"',
    ],
  },
  {
    name: 'Leapp',
    text: '[profile a]\ncredential_process=leapp session generate 0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d\nregion=eu-west-1\n',
    adopted: [],
    left: ['a: Leapp stores the role'],
  },
  {
    name: 'role chains, broken references and strangers',
    text: `${CORP}${native('dev', '111111111111', 'Dev')}[profile chained]\nrole_arn = arn:aws:iam::222222222222:role/x\nsource_profile = dev\n[profile both]\nrole_arn = arn:aws:iam::222222222222:role/x\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Dev\n[profile typo]\nsso_session = corpp\nsso_account_id = 111111111111\nsso_role_name = Dev\n[profile short]\nsso_session = corp\nsso_account_id = 1234\nsso_role_name = Dev\n[profile odd]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Dev role; rm -rf /\n[profile own]\ncredential_process = /usr/local/bin/company-helper --role x\n[profile mixed]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Dev\ncredential_process = /usr/local/bin/company-helper\n[profile token-only]\nsso_session = corp\n[profile http]\nsso_start_url = http://127.0.0.1/start\nsso_region = us-east-1\nsso_account_id = 111111111111\nsso_role_name = Dev\n`,
    adopted: ['dev -> corp 111111111111 Dev'],
    left: [
      'both: it assumes another role (role_arn)',
      'typo: there is no [sso-session corpp]',
      'short: its account "1234" is not a 12-digit account id',
      'odd: its role "Dev role; rm -rf /" is not a permission set name',
      'mixed: it has sso keys and a credential_process',
      'token-only: it names no account and permission set',
      'http: its start URL or region is missing',
    ],
  },
  {
    name: 'our own block, and profiles around it',
    text: `${native('dev', '111111111111', 'Dev')}# >>> rolecall >>>\n${native('ours', '111111111111', 'Dev')}# <<< rolecall <<<\n${CORP}${native('late', '333333333333', 'Dev')}`,
    adopted: ['dev -> corp 111111111111 Dev', 'late -> corp 333333333333 Dev'],
  },
  {
    name: 'equal names in two spellings, a session with a space',
    text: `[sso-session "my corp"]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = us-east-1\n[profile dev]\nsso_session = my corp\nsso_account_id = 111111111111\nsso_role_name = Dev\n[profile "dev"]\nsso_session = my corp\nsso_account_id = 222222222222\nsso_role_name = Dev\n`,
    adopted: ['dev -> my corp 111111111111 Dev', 'dev -> my corp 222222222222 Dev'],
  },
  {
    name: '[DEFAULT] with sso keys in it',
    text: `${CORP}[DEFAULT]\nsso_region = us-east-1\n${native('dev', '111111111111', 'Dev')}`,
    adopted: [],
    left: ['dev: it would inherit sso settings from [DEFAULT]'],
  },
  {
    name: '3,000 profiles',
    text: `${CORP}${Array.from({ length: 3000 }, (_, index) => `\n# ${index}\n${native(`account-${index}.Dev`, String(100_000_000_000 + index), 'Dev')}`).join('')}`,
    adopted: Array.from({ length: 3000 }, (_, index) => `account-${index}.Dev -> corp ${100_000_000_000 + index} Dev`),
  },
  { name: 'nothing', text: '', adopted: [] },
];
