// The recordings of the terminal: the first day of a newcomer, and a switch. Real programs in tmux; only the pauses are made up, so
// that two runs give the same recording.
import { setTimeout as sleep } from 'node:timers/promises';
import { formatAnimatedSvg } from './animated-svg.mjs';
import { createCompany } from './company.mjs';
import { openTerminal } from './tmux.mjs';
import { createWorld, CONFIG, SETTINGS } from './world.mjs';

const KEY_MS = 90;
const PAUSE_MS = 700;
/** Time to read one line of output. */
const LINE_MS = 350;
const SETTLED_MS = 400;

export async function takeRecordings(studio) {
  await recordFirstDay(studio);
  await recordSwitch(studio);
}

async function recordFirstDay(studio) {
  const world = await createWorld({ directory: createCompany(), config: '', settings: '' });
  try {
    const recorder = createRecorder(world, { columns: 92, rows: 30, hasHook: false });
    try {
      await recorder.start();
      await recorder.type('rolecall login --no-browser');
      await recorder.enter('Start URL, like');
      await recorder.paste('https://d-1234567890.awsapps.com/start');
      await recorder.enter('Region of Identity Center');
      await recorder.type('eu-central-1');
      await recorder.enter('A name for this sso-session');
      await recorder.type('work');
      await recorder.enter('Profile names');
      await recorder.enter('Write it?');
      await recorder.type('y');
      await recorder.enter('Continue?');
      await recorder.type('y');
      await recorder.enter('Waiting for your approval');
      const userCode = await world.waitForValue('the code', async () => {
        const signIn = await world.client.call('signIn', { session: 'work' });
        return signIn?.userCode;
      });
      recorder.hide(userCode, 'WDJB-MJHT');
      recorder.note(3000);
      world.emulator.approve(userCode, 'taylor');
      await recorder.see('Try: aws sts');
      await recorder.endOffers();
      await recorder.run('rolecall ls production');
      await recorder.run('aws sts get-caller-identity --query Arn --output text --profile Shop-Production.ReadOnly');
      studio.keepFile('first-day.svg', recorder.toSvg('The first day: sign in, list, use a profile'));
    } finally {
      recorder.close();
    }
  } finally {
    await world.remove();
  }
}

async function recordSwitch(studio) {
  const settings = `${SETTINGS}\n[[protect]]\npermission_set = "AdministratorAccess"\napprove = "none"\n`;
  const world = await createWorld({ directory: createCompany(), config: CONFIG, settings });
  try {
    await world.signIn('work', 'taylor');
    const recorder = createRecorder(world, { columns: 92, rows: 20, hasHook: true });
    try {
      await recorder.start();
      await recorder.run('rolecall use shop prod read');
      await recorder.run('aws sts get-caller-identity --query Account --output text');
      await recorder.type('rolecall use payments');
      await recorder.enter('esc  cancel');
      await recorder.press('Down');
      await recorder.press('Down');
      await recorder.press('Enter');
      await recorder.seePrompt();
      await recorder.run('rolecall whoami');
      await recorder.run('rolecall use -');
      studio.keepFile('switch.svg', recorder.toSvg('Switching: words, the list, whoami, and back'));
    } finally {
      recorder.close();
    }
  } finally {
    await world.remove();
  }
}

/** Types like a person and keeps what the terminal shows after each step. */
function createRecorder(world, { columns, rows, hasHook }) {
  const terminal = openTerminal(world, { columns, rows, hasHook });
  const frames = [];
  /** What differs from run to run, and what stands for it. Of equal length, so that columns stay in line. */
  const hidden = [
    [/(?<=127\.0\.0\.1:)\d+/g, '40000'],
    [/since \d\d:\d\d, until \d\d:\d\d/g, 'since 09:00, until 19:00'],
  ];
  const note = (durationMs) => frames.push({ ...terminal.capture(), durationMs });

  /** Waits until the screen has stopped to change, as programs redraw it piece by piece. */
  async function settle() {
    let before;
    for (let now = terminal.capture(); JSON.stringify(now) !== before; now = terminal.capture()) {
      before = JSON.stringify(now);
      await sleep(SETTLED_MS);
    }
  }

  async function noteOutput(linesBefore) {
    await settle();
    const lines = terminal.capture().text.trimEnd().split('\n').length;
    note(PAUSE_MS + LINE_MS * Math.min(10, Math.max(1, lines - linesBefore)));
  }

  async function type(text, step = 2) {
    for (let at = 0; at < text.length; at += step) {
      const expected = text.slice(0, at + step).trimEnd();
      terminal.typeText(text.slice(at, at + step));
      await world.waitFor(`"${expected}" on the screen`, async () =>
        terminal.plainText().replaceAll('\n', '').includes(expected),
      );
      note(KEY_MS);
    }
    frames.at(-1).durationMs = PAUSE_MS;
  }

  async function afterKey(key, wait) {
    const lines = terminal.capture().text.trimEnd().split('\n').length;
    terminal.press(key);
    await wait();
    await noteOutput(lines);
  }

  return {
    note,
    type,
    see: async (text) => {
      await terminal.see(text);
      await noteOutput(0);
    },
    seePrompt: terminal.seePrompt,
    hide: (text, standIn) => hidden.push([text, standIn]),
    async start() {
      await terminal.clear();
      note(PAUSE_MS);
    },
    paste: (text) => type(text, text.length),
    enter: (text) => afterKey('Enter', () => terminal.see(text)),
    press: (key) => afterKey(key, async () => undefined),
    async run(line) {
      await type(line);
      await afterKey('Enter', () => terminal.seeEndOf(line));
    },
    /** Answers what `login` offers after the first sign-in with its default. */
    async endOffers() {
      await settle();
      for (let last = ''; !terminal.plainText().trimEnd().endsWith('\n$');) {
        const now = terminal.plainText();
        if (now !== last && /\[[yYnN]\/[yYnN]\] ?$/.test(now.trimEnd())) {
          last = now;
          await afterKey('Enter', async () => undefined);
        }
        await sleep(SETTLED_MS);
      }
    },
    toSvg: (title) => {
      const home = world.environment.HOME;
      const shown = frames.map((frame) => ({
        ...frame,
        text: [...hidden, [home, '/home/taylor']].reduce((text, [from, to]) => text.replaceAll(from, to), frame.text),
      }));
      return formatAnimatedSvg(shown, { columns, rows, title });
    },
    close: terminal.close,
  };
}
