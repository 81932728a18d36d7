// The pictures of the terminal: what tmux really shows of `use` and `whoami`, drawn by the browser with its colours.
import { createCompany } from './company.mjs';
import { openTerminal } from './tmux.mjs';
import { createWorld, CONFIG, SETTINGS } from './world.mjs';

const HOUR_MS = 3_600_000;
const PROTECTED = `${SETTINGS}
[[protect]]
permission_set = "AdministratorAccess"
approve = "none"
`;

export async function takeTerminalPictures(studio) {
  const world = await createWorld({ directory: createCompany(), config: CONFIG, settings: PROTECTED });
  try {
    await world.signIn('work', 'taylor');
    world.setClock(-3.4 * HOUR_MS);
    await world.signIn('lab', 'lab');
    world.setClock(0);
    const switching = openTerminal(world, { columns: 96, rows: 17 });
    try {
      await switching.type('rolecall use payments');
      await switching.see('esc  cancel');
      switching.press('Down');
      await switching.see('enter');
      await studio.shootMarkup(switching.toHtml(), 'terminal-picker');
      switching.press('Enter');
      await switching.see('[y/N]');
      await switching.type('y');
      await switching.see('This shell now uses');
      await switching.clear();
      for (const line of [
        'rolecall use shop prod read',
        'rolecall whoami',
        'rolecall use -',
        'rolecall use --current log archive read',
      ]) {
        await switching.run(line);
      }
      await studio.shootMarkup(switching.toHtml(), 'terminal-switch');
    } finally {
      switching.close();
    }
  } finally {
    await world.remove();
  }
}
