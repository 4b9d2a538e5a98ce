// axe.mjs looks at a page as a person with a screen reader, a phone or a dark room would.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { holds, same } from './check.mjs';

const script = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** looks are the widths and themes in which every page is looked at. */
export const looks = [390, 1280].flatMap((width) => ['light', 'dark'].map((colorScheme) => ({ width, colorScheme })));

/** axe runs the rules over the page in one look, and sees that nothing sticks out sideways. */
export async function axe(page, name, { width, colorScheme }) {
  await page.setViewportSize({ width, height: 844 });
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  if (process.env.AUTHWRIGHT_SCREENSHOTS) {
    const file = `${name.replace(/\W+/g, '-')}-${width}-${colorScheme}.png`;
    await page.screenshot({ path: join(process.env.AUTHWRIGHT_SCREENSHOTS, file), fullPage: true });
  }
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  same(`${name} at ${width} px: pixels to scroll sideways`, sideways, 0);
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(script);
  // Every rule in light; in dark those that look at colours, the only thing that differs.
  const options = { resultTypes: ['violations'], ...(colorScheme === 'dark' ? { runOnly: ['color-contrast', 'link-in-text-block'] } : {}) };
  const { violations, passes } = await page.evaluate((how) => globalThis.axe.run(document, how), options);
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => `${node.html} (${node.failureSummary})`).join(' | ')}`);
  same(`axe on ${name} at ${width} px, ${colorScheme}`, found, []);
  holds(`axe on ${name}: rules that passed`, passes.length, passes.length >= (colorScheme === 'dark' ? 1 : 10), 'enough of them');
}
