// Validates answers of the daemon against the OpenAPI document of their surface: path, status, headers, body and events.
import { Ajv, type ValidateFunction } from 'ajv';
import { describeOpenApi } from '../../src/daemon/http/openapi.ts';
import type { SurfaceName } from '../../src/local-api/routes.ts';

export interface Answer {
  readonly surface: SurfaceName;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Response {
  readonly $ref?: string;
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>;
  readonly content?: Readonly<Record<string, unknown>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Record<string, Response> }>>>>;
  readonly components: { readonly responses: Readonly<Record<string, Response>> };
}

/** Larger bodies, lists of thousands of roles, would make the suite slow: only their head is validated. */
const MAX_BODY_LENGTH = 512 * 1024;

/** Of an address that is no operation: another method, or no such path. */
const REFUSAL_STATUSES: readonly number[] = [400, 401, 403, 404, 405, 413, 415, 503];

/** Returns what is wrong with an answer, as sentences. Documents and schemas are compiled at the first answer that needs them. */
export function createAnswerValidator(): (answer: Answer) => string[] {
  const documents = new Map<SurfaceName, { readonly document: Document; readonly ajv: Ajv }>();
  const compiled = new Map<string, ValidateFunction>();

  function open(surface: SurfaceName): { readonly document: Document; readonly ajv: Ajv } {
    const known = documents.get(surface);
    if (known !== undefined) return known;
    const document = JSON.parse(JSON.stringify(describeOpenApi(surface, '0.0.0'))) as Document;
    const ajv = new Ajv({ strict: false, validateSchema: false, meta: false, formats: { 'date-time': isDateTime } });
    ajv.addSchema(document, surface);
    documents.set(surface, { document, ajv });
    return { document, ajv };
  }

  function check(surface: SurfaceName, pointer: string, value: unknown): string[] {
    const reference = `${surface}#${pointer}`;
    const validate = compiled.get(reference) ?? open(surface).ajv.compile({ $ref: reference });
    compiled.set(reference, validate);
    const isValid: unknown = validate(value);
    if (isValid === true) return [];
    return (validate.errors ?? []).map(({ instancePath, message = '', params }) => {
      return `${instancePath === '' ? 'the body' : instancePath} ${message} ${JSON.stringify(params)}`;
    });
  }

  function checkBody(answer: Answer, pointer: string, response: Response): string[] {
    const { surface, body, headers } = answer;
    const [type = ''] = (headers['content-type'] ?? '').split(';');
    if (response.content === undefined) return body === '' ? [] : ['has a body, but its description has none'];
    if (response.content[type] === undefined) return [`its content-type "${type}" is not described`];
    if (body.length > MAX_BODY_LENGTH) return [];
    const schema = `${pointer}/content/${escape(type)}/schema`;
    if (type === 'text/event-stream') return checkEvents(body, (event) => check(surface, schema, event));
    if (type !== 'application/json') return check(surface, schema, body);
    return check(surface, schema, JSON.parse(body));
  }

  return (answer) => {
    const { surface, method, path, status, headers } = answer;
    const { document } = open(surface);
    const template = findTemplate(Object.keys(document.paths), path);
    const operation = template === undefined ? undefined : document.paths[template]?.[method.toLowerCase()];
    if (template === undefined || operation === undefined) {
      if (!REFUSAL_STATUSES.includes(status)) return [`is not described, and its status is ${status}`];
      if (headers['content-type'] !== 'application/json') return [];
      const error = surface === 'container' ? 'ContainerError' : 'Error';
      return check(surface, `/components/schemas/${error}`, JSON.parse(answer.body));
    }
    const described = operation.responses[String(status)];
    if (described === undefined) return [`its status ${status} is not described`];
    const name = described.$ref?.split('/').at(-1);
    const response = name === undefined ? described : document.components.responses[name];
    if (response === undefined) return [`its description ${described.$ref} is missing`];
    const pointer =
      name === undefined
        ? `/paths/${escape(template)}/${method.toLowerCase()}/responses/${status}`
        : `/components/responses/${name}`;
    const missing = Object.entries(response.headers ?? {})
      .filter(([header, { required }]) => required === true && headers[header] === undefined)
      .map(([header]) => `has no header ${header}`);
    return [...missing, ...checkBody(answer, pointer, response)];
  };
}

/** The path with the fewest parameters that fits. */
function findTemplate(templates: readonly string[], path: string): string | undefined {
  const fits = templates.filter((template) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path));
  const countParameters = (template: string) => template.split('{').length;
  return fits.toSorted((one, other) => countParameters(one) - countParameters(other))[0];
}

/** The complete events of a stream, and nothing but comments between them. */
function checkEvents(body: string, check: (event: object) => string[]): string[] {
  const blocks = body.split('\n\n').slice(0, -1);
  return blocks.flatMap((block) => {
    if (/^: (?:listening|ping)$/.test(block)) return [];
    const [, id, event, data] = /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(block) ?? [];
    if (data === undefined) return [`has a part that is no event: ${block.slice(0, 60)}`];
    return check({ id, event, data: JSON.parse(data) as unknown }).map((problem) => `event ${event}: ${problem}`);
  });
}

function escape(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function isDateTime(text: string): boolean {
  return !Number.isNaN(Date.parse(text));
}
