// Reads fields of a JSON document with errors that name the field.
import { UsageError } from '../../core/errors.ts';

export interface Fields {
  /** Path of the object, such as `accounts[2]`; empty for the document itself. */
  readonly where: string;
  string(name: string): string;
  optionalString(name: string): string | undefined;
  /** Like optionalString, but allows an empty string. */
  optionalText(name: string): string | undefined;
  optionalNumber(name: string): number | undefined;
  optionalStrings(name: string): readonly string[] | undefined;
  object(name: string, allowed: readonly string[]): Fields;
  /** The elements as objects; empty if the list is missing. */
  objects(name: string, allowed: readonly string[]): readonly Fields[];
  has(name: string): boolean;
  raw(name: string): unknown;
  /** A UsageError that names the field. */
  wrong(name: string, problem: string): UsageError;
}

/**
 * A reader of `value`, which must be an object with only `allowed` keys.
 * @throws UsageError invalid-request: not an object, or an unknown key
 */
export function readFields(value: unknown, allowed: readonly string[], where = '', source = ''): Fields {
  const named = (path: string) => (source === '' ? path : `${source}: ${path}`);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`${named(where === '' ? 'the document' : where)} must be an object.`, source);
  }
  const record = value as Readonly<Record<string, unknown>>;
  const pathOf = (name: string) => (where === '' ? name : `${where}.${name}`);
  const wrong = (name: string, problem: string) => invalid(`${named(pathOf(name))} ${problem}.`, source);
  for (const name of Object.keys(record)) {
    if (!allowed.includes(name)) {
      throw wrong(JSON.stringify(name).slice(1, -1), `is not a known field (known: ${allowed.join(', ')})`);
    }
  }

  const optional = <T>(name: string, isRight: (given: unknown) => given is T, expected: string): T | undefined => {
    const given = record[name];
    if (given === undefined) return undefined;
    if (!isRight(given)) throw wrong(name, `must be ${expected}`);
    return given;
  };
  const isText = (given: unknown): given is string => typeof given === 'string';
  const isString = (given: unknown): given is string => typeof given === 'string' && given !== '';
  const isNumber = (given: unknown): given is number => typeof given === 'number' && Number.isFinite(given);
  const isStrings = (given: unknown): given is readonly string[] => Array.isArray(given) && given.every(isString);
  const isList = (given: unknown): given is readonly unknown[] => Array.isArray(given);

  return {
    where,
    string(name) {
      const given = optional(name, isString, 'a non-empty string');
      if (given === undefined) throw wrong(name, 'is missing');
      return given;
    },
    optionalString: (name) => optional(name, isString, 'a non-empty string'),
    optionalText: (name) => optional(name, isText, 'a text'),
    optionalNumber: (name) => optional(name, isNumber, 'a number'),
    optionalStrings: (name) => optional(name, isStrings, 'a list of strings'),
    object(name, keys) {
      if (record[name] === undefined) throw wrong(name, 'is missing');
      return readFields(record[name], keys, pathOf(name), source);
    },
    objects: (name, keys) =>
      (optional(name, isList, 'a list') ?? []).map((element, index) =>
        readFields(element, keys, `${pathOf(name)}[${index}]`, source),
      ),
    has: (name) => record[name] !== undefined,
    raw: (name) => record[name],
    wrong,
  };
}

function invalid(message: string, source: string): UsageError {
  return new UsageError('invalid-request', message, source === '' ? {} : { hint: 'rolecall emulator --help' });
}
