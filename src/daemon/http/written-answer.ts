// An answer that is JSON already: a list of 20,000 rows is put into words once, and not for each who asks.

export interface WrittenAnswer {
  readonly [WRITTEN]: Buffer;
}

const WRITTEN = Symbol('JSON in bytes');

export function writtenAnswer(json: Buffer): WrittenAnswer {
  return { [WRITTEN]: json };
}

/** The bytes of an answer that is one, undefined for a document. */
export function readWrittenAnswer(answer: unknown): Buffer | undefined {
  return typeof answer === 'object' && answer !== null && WRITTEN in answer
    ? (answer as WrittenAnswer)[WRITTEN]
    : undefined;
}
