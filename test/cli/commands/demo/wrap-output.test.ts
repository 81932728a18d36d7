// Commands in the demo can be copied even where they are wrapped.
import { expect, test } from 'vitest';
import { wrapCommand, wrapOutput } from '../../../../src/cli/commands/demo/wrap-output.ts';

const COMMAND = 'aws sts get-caller-identity --profile professional-af.Admin-AF-Permission-Set';

test('a command is continued with a backslash', () => {
  expect(wrapCommand(COMMAND, 60)).toEqual([
    'aws sts get-caller-identity \\',
    '--profile professional-af.Admin-AF-Permission-Set',
  ]);
  expect(wrapCommand('rolecall ls', 60)).toEqual(['rolecall ls']);
});

test('a command to try that does not fit gets lines of its own', () => {
  expect(wrapOutput(`Try: ${COMMAND}`, 76)).toEqual([
    'Try:',
    '  aws sts get-caller-identity \\',
    '  --profile professional-af.Admin-AF-Permission-Set',
  ]);
  expect(wrapOutput('Try: rolecall ls', 76)).toEqual(['Try: rolecall ls']);
  expect(wrapOutput('One sentence that is too long for its line.', 20)).toEqual([
    'One sentence that is',
    'too long for its',
    'line.',
  ]);
});
