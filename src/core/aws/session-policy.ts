// Session policies: checks a policy document and policy ARNs against the limits of AssumeRole before AWS is asked.

/**
 * As of 2026-11; packed with the session tags they may be too large at less.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export const MAX_POLICY_LENGTH = 2048;
export const MAX_POLICY_ARNS = 10;

/** A managed policy: AWS's own, or one of an account. */
const POLICY_ARN =
  /^arn:aws[a-z-]{0,32}:iam::(?:\d{12}|aws):policy\/(?:[\u0021-\u007e]{1,510}\/)?[A-Za-z0-9_+=,.@-]{1,128}$/;

/** Whether it is the ARN of a managed policy. */
export function isPolicyArn(text: string): boolean {
  return POLICY_ARN.test(text);
}

/**
 * The policy as AWS gets it: without white space, and with nothing else changed. `problem` completes a sentence that
 * starts with what the text is: "is not JSON".
 */
export function readSessionPolicy(text: string): { readonly policy: string } | { readonly problem: string } {
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text;
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch (error) {
    return { problem: `is not JSON${describePosition(json, error as Error)}` };
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return { problem: 'is no policy: it is not a JSON object' };
  }
  const statement = (document as { readonly Statement?: unknown }).Statement;
  // Without one, AWS would refuse it; an empty list of them would allow nothing.
  if (typeof statement !== 'object' || statement === null) return { problem: 'is no policy: it has no "Statement"' };
  const policy = escapeForSts(removeWhiteSpace(json));
  if (policy.length > MAX_POLICY_LENGTH) {
    const length = policy.length.toLocaleString('en');
    const most = MAX_POLICY_LENGTH.toLocaleString('en');
    return { problem: `is too long: ${length} characters without white space, and AWS takes ${most}` };
  }
  return { policy };
}

/** The text of JSON is kept as it is, because parsing would drop the first of two equal keys. */
function removeWhiteSpace(json: string): string {
  return json.replaceAll(/("(?:[^"\\]|\\.)*")|[ \t\r\n]+/gu, '$1');
}

/** STS takes U+0020 to U+00FF; the others can only be inside strings. */
function escapeForSts(json: string): string {
  return json.replaceAll(/[^\u0020-\u00ff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function describePosition(json: string, { message }: Error): string {
  const position = /position (\d+)/u.exec(message)?.[1];
  if (position === undefined) return '';
  const before = json.slice(0, Number(position)).split('\n');
  return ` (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}
