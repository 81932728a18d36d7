// Server-sent events out of a stream of text, which comes in pieces of any size.

/** @typedef {{ id: string, type: string, data: string }} StreamEvent */

/**
 * A function that takes the next piece and gives the events that are whole with it.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createEventParser() {
  let rest = '';
  let id = '';
  let type = '';
  /** @type {string[]} */
  let data = [];

  /** @param {string} line @returns {StreamEvent | undefined} */
  function take(line) {
    if (line === '') {
      const event = data.length === 0 ? undefined : { id, type: type === '' ? 'message' : type, data: data.join('\n') };
      type = '';
      data = [];
      return event;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'event') type = value;
    else if (field === 'id') id = value;
    return undefined;
  }

  /** @param {string} text @returns {StreamEvent[]} */
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    return lines.flatMap((line) => take(line) ?? []);
  };
}
