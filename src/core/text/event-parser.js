// Parses server-sent events from text that arrives in pieces of any size; the page loads this file as it is.

/*
 * Not `eventsource-parser` (npm): its current version needs Node 22.12, the page has no build step that could include a
 * package, and clients would load one more package at their start.
 */

/** @typedef {{ id: string, type: string, data: string }} StreamEvent `id` is the last one that the stream has sent */

/**
 * Returns a function that takes the next piece of text and returns the events that it completes.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createEventParser() {
  let rest = '';
  let id = '';
  let type = '';
  /** @type {string[]} */
  let data = [];

  /** @param {string} line @returns {StreamEvent | undefined} */
  function takeLine(line) {
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
    return lines.flatMap((line) => takeLine(line) ?? []);
  };
}
