// Generates the OpenAPI description from the route definitions.
import { routes, type Route } from '../../local-api/routes.ts';
import { errorSchema } from '../../local-api/schemas/values.ts';

/** An OpenAPI 3.1 document. `x-surfaces` lists the surfaces of a route. */
export function describeOpenApi(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [operationId, route] of Object.entries(routes) as [string, Route][]) {
    const path = route.path.replaceAll(/:([a-z]+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeOperation(operationId, route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'rolecall', version, description: 'The local API of the rolecall daemon.' },
    paths,
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  };
}

function describeOperation(operationId: string, route: Route): Record<string, unknown> {
  const inPath = [...route.path.matchAll(/:([a-z]+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const query = route.query as { properties?: Record<string, unknown>; required?: readonly string[] } | undefined;
  const inQuery = Object.entries(query?.properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: query?.required?.includes(name) ?? false,
    schema,
  }));
  const success =
    route.answer === undefined
      ? { description: 'Done' }
      : {
          description: route.summary,
          content: { [route.isStream === true ? 'text/event-stream' : 'application/json']: { schema: route.answer } },
        };
  return {
    operationId,
    summary: route.summary,
    'x-surfaces': route.surfaces,
    ...(route.socketOnly === undefined ? {} : { 'x-socket-only': route.socketOnly }),
    ...(route.surfaces.includes('web') ? { security: [{ bearer: [] }] } : {}),
    parameters: [...inPath, ...inQuery],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.bodyIsOptional !== true,
            content: { 'application/json': { schema: route.body } },
          },
        }),
    responses: {
      [route.successStatus]: success,
      default: {
        description: 'What went wrong and the command to type',
        content: { 'application/json': { schema: errorSchema } },
      },
    },
  };
}
