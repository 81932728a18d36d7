// The lines of server-sent events, put together from pieces as they come.
import { StringDecoder } from 'node:string_decoder';

export interface SentEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/** A function that takes the next bytes and gives the events that are complete with them. */
export function createEventParser(): (bytes: Buffer) => SentEvent[] {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return (bytes) => {
    rest += decoder.write(bytes);
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    return blocks.flatMap(parseBlock);
  };
}

/** A comment, such as a heartbeat, is no event. */
function parseBlock(block: string): SentEvent[] {
  const fields: Record<string, string> = { id: '', event: '', data: '' };
  for (const line of block.split('\n')) {
    const [, name = '', value = ''] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (Object.hasOwn(fields, name)) fields[name] = value;
  }
  const { id = '', event = '', data = '' } = fields;
  return data === '' ? [] : [{ id, type: event, data }];
}
