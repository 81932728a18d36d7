// What to paste so that a container gets its role: for docker and podman, compose, a dev container, and a pod.
import { formatJson, formatJsonLine } from '../../core/text/format-json.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { containerOptions } from './container-command.ts';
import { CONTAINER_FOLDER, type ContainerFiles, type ContainerNetwork } from './container-files.ts';
import { RELAY_FILE } from './relay-script.ts';

export const RECIPE_FORMATS = ['docker', 'compose', 'devcontainer', 'k8s'] as const;
export type RecipeFormat = (typeof RECIPE_FORMATS)[number];

export interface Recipe {
  readonly grantId: string;
  readonly files: ContainerFiles;
  readonly network: ContainerNetwork;
}

/** Any image with Node can run the relay. */
const RELAY_IMAGE = 'node:22-alpine';
const RELAY_WORDS = ['node', `${CONTAINER_FOLDER}/${RELAY_FILE}`] as const;

const WRITERS: Readonly<Record<RecipeFormat, (recipe: Recipe) => string>> = {
  docker: dockerLines,
  compose: composeFragment,
  devcontainer: devcontainerFragment,
  k8s: podFragment,
};

/** Text that can be pasted: every word is quoted for its place. Holds no secret. */
export function formatRecipe(format: RecipeFormat, recipe: Recipe): string {
  return WRITERS[format](recipe);
}

function dockerLines({ grantId, files, network }: Recipe): string {
  const options = containerOptions(files);
  const line = (...words: readonly string[]) => `docker run ${words.map(quoteForShell).join(' ')}`;
  if (network === 'host') return `${line('--network', 'host', ...options)} IMAGE\n`;
  const name = `rolecall-${grantId}`;
  const relay = line('--detach', '--rm', '--name', name, ...options.slice(2), RELAY_IMAGE, ...RELAY_WORDS);
  return `${relay}\n${line('--network', `container:${name}`, ...options)} IMAGE\n`;
}

/** JSON is YAML. */
const quoted = (value: unknown) => formatJsonLine(value).trimEnd();
/** Compose replaces variables in every string. */
const composeText = (text: string) => quoted(text).replaceAll('$', '$$$$');

function composeFragment({ files, network }: Recipe): string {
  const volume = `{ type: bind, source: ${composeText(files.folder)}, target: ${CONTAINER_FOLDER}, read_only: true }`;
  const common = `    env_file: [${composeText(files.envFile)}]
    volumes:
      - ${volume}
`;
  if (network === 'host') return `services:\n  app: # your service\n    network_mode: host\n${common}`;
  return `services:
  app: # your service
${common}  rolecall:
    image: ${RELAY_IMAGE}
    command: ${quoted(RELAY_WORDS)}
    network_mode: service:app
    depends_on: [app]
    volumes:
      - ${volume}
`;
}

function devcontainerFragment({ files, network }: Recipe): string {
  const fragment = {
    ...(network === 'host' ? { runArgs: ['--network=host'] } : {}),
    mounts: [containerOptions(files).at(-1)],
    containerEnv: files.variables,
    ...(network === 'host'
      ? {}
      : { postStartCommand: `nohup ${RELAY_WORDS.join(' ')} >/tmp/rolecall-relay.log 2>&1 &` }),
  };
  return formatJson(fragment);
}

function podFragment({ files, network }: Recipe): string {
  const env = Object.entries(files.variables).map(
    ([name, value]) => `        - { name: ${name}, value: ${quoted(value)} }\n`,
  );
  const mounts = `      volumeMounts:
        - { name: rolecall, mountPath: ${CONTAINER_FOLDER}, readOnly: true }
`;
  const relay = `    - name: rolecall
      image: ${RELAY_IMAGE}
      command: ${quoted(RELAY_WORDS)}
${mounts}`;
  return `spec:
${network === 'host' ? '  hostNetwork: true\n' : ''}  volumes:
    - name: rolecall
      hostPath: { path: ${quoted(files.folder)}, type: Directory }
  containers:
    - name: app # your container
      env:
${env.join('')}${mounts}${network === 'host' ? '' : relay}`;
}
