// The JSON Schema of every document of --json, with the parts that have a title as definitions of their own.
import { COMMAND_DOCUMENTS, nameOfDocument } from '../../src/cli/documents/command-documents.ts';
import { createSchemaComponents } from '../../src/daemon/http/openapi-components.ts';

/** The text of schemas/commands.json. */
export function formatCommandSchemas(): string {
  const components = createSchemaComponents();
  const documents = Object.entries(COMMAND_DOCUMENTS).map(
    ([command, schema]) => [nameOfDocument(command), components.refer(schema)] as const,
  );
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'rolecall: what --json prints',
    $defs: { ...Object.fromEntries(documents), ...components.list() },
  };
  return `${JSON.stringify(document, null, 2).replaceAll('#/components/schemas/', '#/$defs/')}\n`;
}
