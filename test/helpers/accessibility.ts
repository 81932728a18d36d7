// Checks a page for those who hear, see little or use no mouse.
import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** What axe-core calls serious or critical, with the first place of each. */
export async function findFaults(page: Page): Promise<unknown> {
  await page.evaluate(axe.source);
  return page.evaluate(`axe.run(document).then(({ violations, passes }) => {
    if (passes.length < 10) throw new Error('axe saw next to nothing');
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => [id, nodes[0].html, nodes[0].failureSummary]);
  })`);
}
