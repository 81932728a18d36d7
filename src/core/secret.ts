// A string that must not reach a log, an error or JSON by accident.
import { inspect } from 'node:util';

const REDACTED = '[secret]';

/** Holds one secret string; only `reveal()` gives it back, every implicit conversion says `[secret]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
