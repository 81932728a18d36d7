// The types of `rolecall/client` and those inside rolecall are two descriptions of the same documents: the compiler compares them.
import { expectTypeOf, test } from 'vitest';
import type { Operations } from '../../src/exports/models.ts';
import type { Answers } from '../../src/local-api/routes.ts';

/** A field that may be left out, or be undefined, is the same to a reader; so is a list that nobody may write. */
type Read<T> = T extends readonly (infer Item)[]
  ? readonly Read<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Read<T[Key]> }
    : T;

type Different = {
  [Name in keyof Operations & keyof Answers]: [Read<Operations[Name]['answer']>, Read<Answers[Name]>] extends [
    Read<Answers[Name]>,
    Read<Operations[Name]['answer']>,
  ]
    ? never
    : Name;
}[keyof Operations & keyof Answers];

test('every answer has the same type in both', () => {
  expectTypeOf<Different>().toEqualTypeOf<never>();
});
