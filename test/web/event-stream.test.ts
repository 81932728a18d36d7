// The page's side of the events: parsed from pieces of any size, resumed after a cut, given up when the token is refused.
import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { createEventParser } from '../../src/core/text/event-parser.js';
import { followEvents } from '../../src/web/connection/event-stream.js';
import { waitFor } from '../helpers/wait-for.ts';

describe('the parser', () => {
  const STREAM =
    ': ping\n\nid: 1-1\nevent: hello\ndata: {"a":1}\n\n' +
    'event: current\r\ndata: null\r\nid: 1-2\r\n\r\n' +
    'data: one\ndata:two\n\nretry: 5\nnonsense\n\nid: 1-4\nevent: roles\ndata\n\n';
  const EVENTS = [
    { id: '1-1', type: 'hello', data: '{"a":1}' },
    { id: '1-2', type: 'current', data: 'null' },
    { id: '1-2', type: 'message', data: 'one\ntwo' },
    { id: '1-4', type: 'roles', data: '' },
  ];

  test('gives the events of a stream', () => {
    expect(createEventParser()(STREAM)).toEqual(EVENTS);
  });

  test('gives the same wherever the stream is cut into pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: STREAM.length })), (places) => {
        const parse = createEventParser();
        const cuts = [0, ...places.toSorted((one, other) => one - other), STREAM.length];
        const events = cuts.slice(1).flatMap((end, index) => parse(STREAM.slice(cuts[index], end)));
        expect(events).toEqual(EVENTS);
      }),
    );
  });

  test('keeps what is not whole yet', () => {
    const parse = createEventParser();
    expect([parse('data: 1'), parse('2\n'), parse('\n')]).toEqual([[], [], [{ id: '', type: 'message', data: '12' }]]);
  });
});

describe('following', () => {
  let stop = () => {};
  afterEach(() => stop());

  /** Answers the requests in turn; the last answer is given again and again. */
  function follow(answers: readonly (() => Response | Promise<Response>)[]) {
    const lastIds: (string | undefined)[] = [];
    const events: unknown[] = [];
    const connections: string[] = [];
    const follower = followEvents({
      request: async (_path, { headers }) => {
        const answer = answers[Math.min(lastIds.length, answers.length - 1)];
        lastIds.push(headers['last-event-id']);
        if (answer === undefined) throw new Error('no answer');
        return answer();
      },
      nowMs: () => Date.now(),
      onEvent: (type, document) => void events.push([type, document]),
      onConnection: (connection) => void (connections.at(-1) === connection || connections.push(connection)),
    });
    stop = () => follower.stop();
    return { connections, events, follower, lastIds };
  }
  const open = (text: string) => () =>
    new Response(new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode(text)) }));

  test('goes on where it was cut', async () => {
    const { connections, events, lastIds } = follow([
      () => new Response('id: 7-1\nevent: hello\ndata: 1\n\nid: 7-2\nevent: current\ndata: 2\n\nid: 7-3\nevent: cu'),
      open('id: 7-3\nevent: current\ndata: 3\n\n'),
    ]);
    await waitFor('the third event', () => events.length === 3);
    expect({ connections, events, lastIds }).toEqual({
      connections: ['live'],
      events: [
        ['hello', 1],
        ['current', 2],
        ['current', 3],
      ],
      lastIds: [undefined, '7-2'],
    });
  });

  test('tries again while there is no answer, says so, and does not wait when it is woken', async () => {
    const failing = () => Promise.reject(new TypeError('Failed to fetch'));
    const { connections, follower, lastIds } = follow([failing, failing, failing, failing, open('data: 1\n\n')]);
    const waking = setInterval(() => follower.wake(), 10);
    await waitFor('the connection', () => connections.at(-1) === 'live');
    clearInterval(waking);
    expect({ connections, tries: lastIds.length }).toEqual({ connections: ['lost', 'live'], tries: 5 });
  });

  test.each([
    ['token', 401],
    ['origin', 403],
  ])('ends when the %s is refused: the daemon is another one', async (_what, status) => {
    const { connections, lastIds } = follow([() => new Response('{}', { status })]);
    await waitFor('the end', () => connections.length === 1);
    expect({ connections, tries: lastIds.length }).toEqual({ connections: ['refused'], tries: 1 });
  });

  test('takes any other answer for a passing fault', async () => {
    const { connections } = follow([() => new Response('{}', { status: 503 }), open('data: 1\n\n')]);
    await waitFor('the connection', () => connections.at(-1) === 'live');
  });
});
