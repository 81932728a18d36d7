// Explains the files of `rolecall container-env`.
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { harmless } from '../../core/text/harmless-text.ts';
import type { IssuedGrantDocument, ProfileDocument } from '../../local-api/schemas.ts';
import { CONTAINER_FOLDER, type ContainerFiles, type ContainerNetwork } from './container-files.ts';
import { formatRecipe } from './container-recipes.ts';

/** Every path is on a line of its own, so that a terminal of any width can copy it. */
export function describeFiles(input: {
  readonly grant: IssuedGrantDocument;
  readonly profile: ProfileDocument;
  readonly files: ContainerFiles;
  readonly network: ContainerNetwork;
}): string {
  const { grant, profile, files, network } = input;
  const name = quoteForShell(profile.profileName);
  const variables = Object.entries(files.variables).map(([key, value]) => `  ${key}=${value}\n`);
  const relay = `The address exists in the container's own network only: the first line runs the
relay that serves it there. One command for all of this, which also ends the
role with the container:

  rolecall container-env ${name} -- docker run IMAGE

`;
  return `A container with these files has the role ${harmless(profile.profileName)}
(account ${profile.accountId}). Mount this folder, which has a token in it,
read-only at ${CONTAINER_FOLDER}:

  ${files.folder}

Set these variables, which are also in its file env. None of them is secret:

${variables.join('')}
${formatRecipe('docker', { grantId: grant.id, files, network })}
${network === 'own' ? relay : ''}Only what to paste: --format docker, compose, devcontainer or k8s
`;
}
