// Takes the pictures of the documentation, all of them or the named parts: `npm run pictures -- page`. Look at them afterwards.
import { fileURLToPath } from 'node:url';
import { takePagePictures } from './page.mjs';
import { takeRecordings } from './recordings.mjs';
import { createStudio } from './studio.mjs';
import { takeTerminalPictures } from './terminal.mjs';
import { takeTrayPicture } from './tray-picture.mjs';

/** Each takes its pictures in the studio; a new part is one line here. */
const PARTS = {
  page: takePagePictures,
  terminal: takeTerminalPictures,
  recordings: takeRecordings,
  tray: takeTrayPicture,
};

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PARTS);
const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) {
  console.error(`No such part: ${unknown.join(', ')}. There are: ${Object.keys(PARTS).join(', ')}.`);
  process.exit(2);
}

// The SDK's warning about old Node versions.
process.removeAllListeners('warning');
const studio = await createStudio(fileURLToPath(new URL('../../docs/pictures', import.meta.url)));
try {
  for (const name of wanted) await PARTS[name](studio);
} finally {
  await studio.close();
}
