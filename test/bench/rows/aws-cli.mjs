// What a profile of ours adds to a command of the AWS CLI.
import { existsSync } from 'node:fs';
import { interleave } from '../measure.mjs';
import { runProgram, timeRuns } from '../programs.mjs';
import { startWorld } from '../world.mjs';

/** The second version; another one may come earlier on PATH. */
const AWS = '/usr/bin/aws';
const ROUNDS = 5;

export async function measureAwsCli(scene) {
  if (!existsSync(AWS)) return scene.leaveOut('aws-cli', AWS);
  const world = await startWorld(scene, { accountCount: 5, permissionSetCount: 2 });
  const { text } = await world.client.get(world.credentialsPath(world.roles[0]));
  const keys = JSON.parse(text);
  const [profile] = (await runProgram([AWS, 'configure', 'list-profiles'], world.environment)).trim().split('\n');
  const identify = [AWS, 'sts', 'get-caller-identity', '--region', 'us-east-1'];
  const sides = await interleave(ROUNDS, {
    floor: () =>
      timeRuns(identify, 1, {
        ...world.environment,
        AWS_ACCESS_KEY_ID: keys.AccessKeyId,
        AWS_SECRET_ACCESS_KEY: keys.SecretAccessKey,
        AWS_SESSION_TOKEN: keys.SessionToken,
      }),
    measured: () => timeRuns([...identify, '--profile', profile], 1, world.environment),
  });
  return [
    {
      name: 'aws sts get-caller-identity by a profile of ours',
      how: `AWS CLI v2 against the emulator, against the same with the keys in its environment; median of ${ROUNDS} rounds.`,
      unit: 'ms',
      floorName: 'keys in the environment',
      ...sides,
    },
  ];
}
