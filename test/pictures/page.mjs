// The pictures of the page: light, dark, on a phone, with very many roles, while signing in, empty, and when things go wrong.
import { generateDirectory } from '../../dist/emulator/directory/generate-directory.js';
import { createCompany } from './company.mjs';
import { createWorld } from './world.mjs';

const HOUR_MS = 3_600_000;
const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true };
/** The last is 1280 x 800 at 200 %. */
const SIZES = {
  '1440x900': { viewport: { width: 1440, height: 900 } },
  '1100x750': { viewport: { width: 1100, height: 750 } },
  '800x600': { viewport: { width: 800, height: 600 } },
  '390x844': { viewport: { width: 390, height: 844 }, hasTouch: true },
  '640x400': { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
};

export async function takePagePictures(studio) {
  await takeWorkday(studio);
  await takeMany(studio);
  await takeStart(studio);
}

/** Signed in for some hours, a few roles used. */
async function takeWorkday(studio) {
  const world = await createWorld({ directory: createCompany() });
  try {
    world.setClock(-3.4 * HOUR_MS);
    await world.signIn('work', 'taylor');
    await world.signIn('lab', 'lab');
    for (const [session, accountId, permissionSet] of [
      ['work', '555555555555', 'AdministratorAccess'],
      ['work', '444444444444', 'PowerUser'],
      ['work', '444444444444', 'PowerUser'],
      ['lab', '888888888888', 'PowerUser'],
      ['work', '222222222223', 'PowerUser'],
    ]) {
      await world.use(session, accountId, permissionSet);
    }
    world.setClock(0);
    // A program asks for keys, so that there are some to show.
    await world.client.call('credentials', {
      query: { session: 'work', account: '222222222223', role: 'PowerUser' },
    });

    const light = await studio.openPage(world);
    await light.locator('.row').nth(5).waitFor();
    await light.locator('.row', { hasText: 'Payments Production' }).first().click();
    await light.mouse.move(0, 0);
    await studio.shoot(light, 'page-light');

    const dark = await studio.openPage(world, { colorScheme: 'dark' });
    await dark.locator('.row').nth(5).waitFor();
    await dark.keyboard.press('/');
    await dark.keyboard.type('prod read');
    await studio.shoot(dark, 'page-dark');

    const phone = await studio.openPage(world, PHONE);
    await phone.locator('.row').nth(3).waitFor();
    await phone.locator('.row', { hasText: 'Data Platform' }).first().click();
    await studio.shoot(phone, 'page-phone');

    await takeSizes(studio, world);

    await world.client.call('signOut', { session: 'lab' });
    await world.client.call('startSignIn', { session: 'lab', body: {} });
    const signingIn = await studio.openPage(world);
    await signingIn.locator('.signing-in').waitFor();
    await signingIn.locator('.row').nth(5).waitFor();
    await studio.shoot(signingIn, 'page-signing-in');
    const { userCode } = await world.client.call('signIn', { session: 'lab' });
    world.emulator.deny(userCode);
    await world.waitFor('the denial', async () => {
      const { state } = await world.client.call('signIn', { session: 'lab' });
      return state === 'denied';
    });

    const failing = await studio.openPage(world);
    await failing.locator('.row').nth(5).waitFor();
    // As it is on a train: AWS can't be reached, and what the page asks for fails.
    await world.emulator.close();
    await failing.getByRole('button', { name: 'Refresh' }).click();
    await failing.locator('.toast.bad').waitFor();
    await failing.locator('.problems .notice').waitFor();
    await studio.shoot(failing, 'page-error');

    const restarted = await studio.openPage(world);
    await restarted.locator('.row').nth(5).waitFor();
    await restarted.route('**/v1/events', (route) => route.fulfill({ status: 401, body: '{}' }));
    await world.stopDaemon();
    await restarted.locator('#empty pre').waitFor();
    await studio.shoot(restarted, 'page-ended');
  } finally {
    await world.remove();
  }
}

/** The same page at five sizes, light and dark. */
async function takeSizes(studio, world) {
  for (const [size, options] of Object.entries(SIZES)) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await studio.openPage(world, { ...options, colorScheme });
      await page.locator('.row').nth(5).waitFor();
      await page.locator('.row', { hasText: 'Data Platform' }).first().click();
      await page.mouse.move(0, 0);
      await studio.shoot(page, `page-${size}-${colorScheme}`);
    }
  }
}

async function takeMany(studio) {
  const directory = generateDirectory({ accountCount: 5000, permissionSetCount: 4 });
  const config = `[sso-session work]\nsso_start_url = ${directory.startUrl}\nsso_region = us-east-1\n`;
  const world = await createWorld({ directory, config, settings: '' });
  try {
    await world.signIn('work', 'taylor');
    const page = await studio.openPage(world);
    await page.locator('.row').nth(5).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('042 set-003');
    await page.locator('mark').first().waitFor();
    await studio.shoot(page, 'page-many');
  } finally {
    await world.remove();
  }
}

/** The first minute: nothing known yet. */
async function takeStart(studio) {
  const world = await createWorld({ directory: createCompany() });
  try {
    const page = await studio.openPage(world);
    await page.locator('#empty h2').waitFor();
    await studio.shoot(page, 'page-empty');
  } finally {
    await world.remove();
  }
}
