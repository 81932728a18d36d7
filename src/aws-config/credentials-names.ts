// The profile names of the shared credentials file, whose keys every AWS client prefers to what the config file says.

/** Line of each name, counted from 1. Where the AWS clients read a header differently, each reading is a name. */
export type CredentialsNames = ReadonlyMap<string, number>;

/** Nothing more than the headers is read: what stands below them may be an SDK's own. */
export function readCredentialsNames(text: string): CredentialsNames {
  const lines = new Map<string, number>();
  let line = 1;
  let countedTo = 0;
  for (const { index, 1: header = '' } of text.matchAll(/^[^\S\r\n]*\[([^\r\n]*)/gmu)) {
    line += countLineBreaks(text.slice(countedTo, index));
    countedTo = index;
    for (const name of readHeader(header)) if (!lines.has(name)) lines.set(name, line);
  }
  return lines;
}

/** botocore takes everything up to the last bracket; the SDK for JavaScript cuts comments off before. */
function readHeader(header: string): string[] {
  const upToLastBracket = /^(.+)\]/su.exec(header)?.[1];
  const withoutComment = /^(.+)\]$/su.exec(header.replace(/\s[;#].*$/su, '').trimEnd())?.[1];
  return [upToLastBracket, withoutComment].flatMap((name) => (name === undefined ? [] : [name, name.trim()]));
}

function countLineBreaks(text: string): number {
  return text.match(/\r\n|\r|\n/gu)?.length ?? 0;
}
