// A string that must not get into a log, an error or JSON by accident.
import { inspect } from 'node:util';

const REDACTED = '[secret]';

/** Contains one secret string; only `reveal()` returns it, every implicit conversion gives `[secret]`. */
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
