// Names shortened in the middle: different names of one list stay different, and no character is split.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../../src/cli/terminal/display-width.ts';
import { createNameShortener, moveMarks } from '../../../src/core/text/short-names.js';

function shortened(names: readonly string[], width: number): string[] {
  const shorten = createNameShortener(names, width, displayWidth);
  return names.map((name) => shorten(name).text);
}

describe('names are shortened in the middle', () => {
  it('keeps both ends, without spaces beside the gap', () => {
    expect(shortened(['Payments platform prod 07', 'Payments platform prod 08', 'Log Archive'], 16)).toEqual([
      'Payments…prod 07',
      'Payments…prod 08',
      'Log Archive',
    ]);
  });

  it('gives more room to the start or the end when that is where names differ', () => {
    const ends = ['Payments production eu-central-1', 'Payments staging eu-central-1'];
    expect(shortened(ends, 16)).toEqual(['Payments pro…l-1', 'Payments sta…l-1']);
  });

  it('shows what differs in the middle', () => {
    const names = ['Acme Corporation eu-west-1 payments-production', 'Acme Corporation eu-west-2 payments-production'];
    expect(shortened(names, 20)).toEqual(['Acme…west-1…ction', 'Acme…west-2…ction']);
  });

  it('never shows a shortened name as another name of the list', () => {
    const names = ['Payments…prod 07', 'Payments platform prod 07'];
    expect(new Set(shortened(names, 16)).size).toBe(2);
  });

  it('does not split emoji, flags or accents, and counts wide characters twice', () => {
    const names = ['検証環境のアカウント一覧', '👩‍👩‍👧‍👦 family 👩‍👩‍👧‍👦 account 🇩🇪', 'e\u0301'.repeat(20)];
    expect(shortened(names, 11)).toEqual([
      '検証…ト一覧',
      '…account 🇩🇪',
      `${'e\u0301'.repeat(5)}…${'e\u0301'.repeat(5)}`,
    ]);
  });

  it('moves highlights to where their characters are shown', () => {
    const name = 'Payments platform prod 07';
    const short = createNameShortener([name], 16, displayWidth)(name);
    const marks = new Set([0, 1, 10, 18, 19]);
    expect([...moveMarks(short, marks)].map((at) => short.text.charAt(at)).join('')).toBe('Papr');
  });

  const word = fc.constantFrom('pay', 'prod', 'eu', 'west', '1', '2', '07', '-', ' ', '検証', '🚀');
  const name = fc.array(word, { minLength: 1, maxLength: 14 }).map((words) => words.join('').trim());
  const names = fc.uniqueArray(name, { maxLength: 12 });

  it('never takes more than the width', () => {
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 40 }), (list, width) => {
        for (const text of shortened(list, width)) expect(displayWidth(text)).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('keeps different names different from 16 columns on', () => {
    fc.assert(
      fc.property(names, fc.integer({ min: 16, max: 40 }), (list, width) => {
        expect(new Set(shortened(list, width)).size).toBe(list.length);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps names apart that differ in two places', () => {
    const names = [105, 120, 135, 205].flatMap((number) =>
      ['AWSReadOnlyAccess', 'AdministratorAccess'].map((set) => `Acme-Billing-platform-development-${number}.${set}`),
    );
    expect(shortened(names, 24).slice(0, 2)).toEqual(['A…-105.AWSReadOnly…s', 'A…-105.Administrator…s']);
    const many = Array.from({ length: 300 }, (_, index) =>
      names.map((name) => name.replace(/\d+/, `${index + 1}`)),
    ).flat();
    expect(new Set(shortened(many, 24)).size).toBe(new Set(many).size);
  });

  it('keeps 5,000 accounts apart that differ only in a number', () => {
    const many = Array.from({ length: 5000 }, (_, index) => `Acme Corporation workload ${index + 1} production`);
    expect(new Set(shortened(many, 18)).size).toBe(5000);
  });
});
