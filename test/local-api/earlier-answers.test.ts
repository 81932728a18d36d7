// Answers that daemons of version 0.1.0 gave are still as the OpenAPI documents describe them, with each of their fields.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeOpenApi } from '../../src/daemon/http/openapi.ts';
import type { SurfaceName } from '../../src/local-api/routes.ts';
import { createAnswerValidator } from '../helpers/answer-validator.ts';

interface RecordedAnswer {
  readonly surface: SurfaceName;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly contentType?: string;
  readonly body?: unknown;
}

type Schema = Readonly<Record<string, unknown>>;

const FOLDER = fileURLToPath(new URL('../fixtures/answers-0-1-0/', import.meta.url));
const files = readdirSync(FOLDER);
/** Headers that later versions have added. */
const LATER_HEADERS = { etag: '"x"', 'retry-after': '1', allow: 'GET' } as const;

const validate = createAnswerValidator();
const documents = new Map<SurfaceName, object>();

test.each(files)('%s: each answer is valid, and each field is still described', (file) => {
  const answers = JSON.parse(readFileSync(`${FOLDER}${file}`, 'utf8')) as RecordedAnswer[];
  expect(answers.length).toBeGreaterThan(0);
  const problems = answers.flatMap((answer) => [...checkValidity(answer), ...findUndescribed(answer)]);
  expect(problems).toEqual([]);
});

test('covers most routes', () => {
  expect(files.length).toBeGreaterThan(40);
});

function checkValidity({ surface, method, path, status, contentType, body }: RecordedAnswer): string[] {
  const isStream = contentType === 'text/event-stream';
  const event = isStream ? (body as { id: string; event: string; data: unknown }) : undefined;
  return validate({
    surface,
    method,
    path: path.replaceAll(/\{\w+\}/g, 'x'),
    status,
    headers: { ...LATER_HEADERS, ...(contentType === undefined ? {} : { 'content-type': contentType }) },
    body: textOf(event, body),
  });
}

function textOf(event: { id: string; event: string; data: unknown } | undefined, body: unknown): string {
  if (event !== undefined) return `id: ${event.id}\nevent: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`;
  return body === undefined ? '' : JSON.stringify(body);
}

function findUndescribed({ surface, method, path, status, contentType, body }: RecordedAnswer): string[] {
  if (contentType === undefined || status >= 400) return [];
  const document = documents.get(surface) ?? describeOpenApi(surface, '0.0.0');
  documents.set(surface, document);
  const at = ['paths', path, method.toLowerCase(), 'responses', String(status), 'content', contentType, 'schema'];
  return findUnknown(body, [follow(document, at) as Schema], document, '');
}

/** The fields of `value` that none of `schemas` has. */
function findUnknown(value: unknown, schemas: readonly Schema[], document: object, place: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const parts = schemas.flatMap((schema) => alternativesOf(schema, document));
  if (Array.isArray(value)) {
    const items = parts.flatMap(({ items: each }) => (each === undefined ? [] : [each as Schema]));
    return value.flatMap((item) => findUnknown(item, items, document, `${place}[]`));
  }
  return Object.entries(value).flatMap(([key, inner]) => {
    const known = parts.flatMap(({ properties }) => {
      const schema = (properties as Readonly<Record<string, Schema>> | undefined)?.[key];
      return schema === undefined ? [] : [schema];
    });
    return known.length === 0 ? [`${place}/${key}`] : findUnknown(inner, known, document, `${place}/${key}`);
  });
}

function alternativesOf(schema: Schema, document: object): Schema[] {
  const { $ref, anyOf = [], allOf = [] } = schema as { $ref?: string; anyOf?: Schema[]; allOf?: Schema[] };
  const referred = $ref === undefined ? [] : [follow(document, $ref.split('/').slice(1)) as Schema];
  return [schema, ...[...referred, ...anyOf, ...allOf].flatMap((other) => alternativesOf(other, document))];
}

function follow(document: object, path: readonly string[]): unknown {
  return path.reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], document);
}
