// The CLI's process: answers a prompt and `--help` at once, and loads the rest for everything else.
import { answerAtOnce } from './answer-at-once.ts';

const { argv, env, getuid, platform } = process;
const isAnswered = answerAtOnce(argv.slice(2), {
  environment: env,
  platform,
  userId: getuid?.() ?? -1,
});
// Not a top-level await, which CommonJS, the format of the published bundle, does not have.
if (!isAnswered) void import('./run-cli.ts').then(({ runCli }) => runCli());
