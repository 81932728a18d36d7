// What AWS accepts as the fields of a chained role, each as a check that says why a value cannot be used.
import { MAX_CHAINED_SECONDS, MIN_CHAINED_SECONDS } from './chain-role.ts';

/** As of 2026-11. @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;
const EXTERNAL_ID = /^[\w+=,.@:/-]{2,1224}$/;
const TAG_KEY = /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/iu;
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;
const REGION = /^[A-Za-z0-9-]{1,63}$/;

export const MAX_SESSION_TAGS = 50;
/** The longest session that IAM allows for a role; a chain gets an hour of it at most. */
export const MAX_ROLE_SECONDS = 43_200;

/** Also for a source identity. Each check gives a clause that follows the key, undefined for a good value. */
export function findSessionNameFault(value: string): string | undefined {
  if (SESSION_NAME.test(value)) return undefined;
  return 'must have 2 to 64 characters, of letters, digits and + = , . @ _ -';
}

/** The user who signed in as the name of a role session, which has fewer characters. AWS's logs show it. */
export function roleSessionNameOf(user: string | undefined): string {
  const name = (user ?? '').replaceAll(/[^\w+=,.@-]/gu, '-').slice(0, 64);
  return findSessionNameFault(name) === undefined ? name : 'rolecall';
}

export function findExternalIdFault(value: string): string | undefined {
  if (EXTERNAL_ID.test(value)) return undefined;
  return 'must have 2 to 1224 characters, of letters, digits and + = , . @ : / _ -';
}

export function findDurationFault(seconds: number): string | undefined {
  if (Number.isInteger(seconds) && seconds >= MIN_CHAINED_SECONDS && seconds <= MAX_ROLE_SECONDS) return undefined;
  return `must be a whole number of seconds from ${MIN_CHAINED_SECONDS} to ${MAX_ROLE_SECONDS}`;
}

/** How long a chained role lasts: as long as was asked for, but at most an hour, which is AWS's limit. */
export function limitDuration(seconds: number | undefined): {
  readonly durationSeconds: number;
  readonly requestedSeconds?: number;
} {
  if (seconds === undefined || seconds <= MAX_CHAINED_SECONDS) {
    return { durationSeconds: seconds ?? MAX_CHAINED_SECONDS };
  }
  return { durationSeconds: MAX_CHAINED_SECONDS, requestedSeconds: seconds };
}

export function findTagKeyFault(key: string): string | undefined {
  if (TAG_KEY.test(key)) return undefined;
  return 'a tag key must have 1 to 128 characters, of letters, digits, spaces and _ . : / = + - @, and must not start with "aws:"';
}

export function findTagValueFault(value: string): string | undefined {
  if (TAG_VALUE.test(value)) return undefined;
  return 'a tag value must have at most 256 characters, of letters, digits, spaces and _ . : / = + - @';
}

/** Whether the text has the form of a region name. */
export function isRegionText(text: string): boolean {
  return REGION.test(text);
}
