// browser.mjs: a person in front of Chromium, who logs in and answers the consent page by what the page calls things.

import { chromium } from 'playwright-core';
import { existsSync } from 'node:fs';
import { ada } from './demo.mjs';
import { until } from './until.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const args = [
  '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--disable-default-apps', '--no-first-run', '--disable-dev-shm-usage',
];

/** serveBrowser starts the one Chromium that all test files share; its endpoint goes to them by environment. */
export function serveBrowser() {
  if (!existsSync(executablePath)) throw new Error(`${executablePath} does not exist; install chromium or set CHROMIUM`);
  return chromium.launchServer({ executablePath, headless: true, args });
}

let browser;

/** openBrowser is the shared Chromium, or one of its own when a test file is run by itself. */
export async function openBrowser() {
  const endpoint = process.env.AUTHWRIGHT_BROWSER;
  browser ??= endpoint ? chromium.connect(endpoint) : chromium.launch({ executablePath, headless: true, args });
  return browser;
}

/** closeBrowser lets this process end. */
export async function closeBrowser() {
  await (await browser)?.close();
  browser = undefined;
}

/** Person is somebody with a browser of their own: cookies are kept from one authorization to the next. */
export class Person {
  constructor(context, account) {
    Object.assign(this, { context, account });
    this.seen = []; // the headings of the pages of the last authorization, in order
  }

  static async arrive(account = ada, options = {}) {
    return new Person(await (await openBrowser()).newContext(options), account);
  }

  leave() {
    return this.context.close();
  }

  /**
   * authorize opens an authorization URL, signs in where asked, gives the answer ("Allow" or "Deny") where asked,
   * and returns the address at which the browser comes to rest, off the authorization server.
   */
  async authorize(url, options = {}) {
    const page = await this.context.newPage();
    try {
      await page.goto(String(url));
      return await this.answer(page, new URL(url).origin, options);
    } finally {
      await page.close();
    }
  }

  /** answer does the same in a page that has come to the authorization server already. */
  async answer(page, origin, { answer = 'Allow', onConsent } = {}) {
    this.seen = [];
    while (new URL(page.url()).origin === origin) {
      if (this.seen.length > 8) throw new Error(`the authorization asks without end: ${this.seen.join(' → ')}`);
      const signIn = page.getByRole('button', { name: 'Sign in', exact: true });
      const decide = page.getByRole('button', { name: answer, exact: true });
      const goBack = page.getByRole('button', { name: /^Return to / }); // an error is on its way to the client
      this.seen.push(await page.title());
      if (await decide.count()) {
        await onConsent?.(page);
        await leave(page, () => decide.click());
      } else if (await goBack.count()) {
        await leave(page, () => goBack.click());
      } else if (await signIn.count()) {
        await page.getByLabel('Email', { exact: true }).fill(this.account.email);
        await page.getByLabel('Password', { exact: true }).fill(this.account.password);
        await leave(page, () => signIn.click());
      } else {
        throw new Error(`stopped at ${page.url()} «${await page.title()}»: ${(await page.locator('body').innerText()).slice(0, 600)}`);
      }
    }
    return new URL(page.url());
  }
}

/** leave does what makes the page go away and waits for the next one to stand. */
async function leave(page, act) {
  const before = await page.evaluate(() => performance.timeOrigin);
  await act();
  await until(`the page after ${page.url()} is there`, () =>
    page.evaluate((was) => document.readyState !== 'loading' && performance.timeOrigin !== was, before));
}
