// The recordings of the terminal: SVG that plays as a mere image, as in a README on GitHub.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { formatAnimatedSvg } from '../pictures/animated-svg.mjs';

const PICTURES = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));
const recordings = readdirSync(PICTURES).filter((name) => name.endsWith('.svg'));

test.each(recordings)('%s needs no script and loads nothing', (name) => {
  const svg = readFileSync(PICTURES + name, 'utf8');
  expect(svg).toContain('step-end infinite');
  expect(svg).not.toMatch(/<script|<foreignObject|<image|href|url\(|@import|\son\w+=/i);
  expect(svg).not.toContain('/tmp/');
});

test('there are recordings', () => {
  expect(recordings.length).toBeGreaterThan(1);
});

describe('a recording', () => {
  const [red, plain] = [31, 0].map((code) => `${String.fromCharCode(27)}[${code}m`);
  const svg = formatAnimatedSvg(
    [
      { text: '$\n', cursor: { x: 2, y: 0, isShown: true }, durationMs: 1000 },
      { text: `$ a <b>\n${red}x\ny${plain}\n`, cursor: { x: 0, y: 1, isShown: false }, durationMs: 3000 },
    ],
    { columns: 10, rows: 4, title: 'A & B' },
  );

  test('moves a row on when its text changes, and rests on the last one', () => {
    expect(svg).toContain('@keyframes r0{0.000%{transform:translateY(0px)}10.000%{transform:translateY(-20px)}}');
    expect(svg).toContain('#r0{transform:translateY(-20px);animation:r0 10.00s step-end infinite}');
    expect(svg).not.toContain('id="r3"');
  });

  test('escapes what the terminal shows, and keeps a colour into the next line', () => {
    expect(svg).toContain('>$ a &lt;b&gt;</text>');
    expect(svg).toContain('<title>A &amp; B</title>');
    expect(svg).toMatch(/style="fill:#cf222e">x<\/text>/);
    expect(svg).toMatch(/style="fill:#cf222e">y<\/text>/);
  });
});
