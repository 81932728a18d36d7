// Real parts of a machine (the AWS CLI, boto3, a keychain): present, skipped by name, or required.
import { accessSync, constants } from 'node:fs';

/**
 * Whether the program at `path` is there to run; use it as `test.skipIf(!systemPart(…))`.
 * @throws Error naming the part: it is missing while `ROLECALL_REQUIRE_SYSTEM=1`
 */
export function systemPart(
  name: string,
  path: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  return systemPartByCheck(name, path, () => accessSync(path, constants.X_OK), environment);
}

/** The same for a part that is no single file: it is there when `check` does not throw. */
export function systemPartByCheck(
  name: string,
  where: string,
  check: () => void,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  try {
    check();
    return true;
  } catch (cause) {
    if (environment['ROLECALL_REQUIRE_SYSTEM'] !== '1') return false;
    throw new Error(`${name} is required (ROLECALL_REQUIRE_SYSTEM=1), and is not there: ${where}`, { cause });
  }
}
