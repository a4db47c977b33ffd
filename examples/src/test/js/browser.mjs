// What the scripts that drive headless Chromium share: the browser, pages that tell on themselves, bounded waits.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { LIMIT_MS } from './shared.mjs';

const DESKTOP = { width: 1280, height: 800 };

/** A browser whose pages keep what they have to complain of in complaints, but for what isExpected (a text, of somebody's page). */
export class Browser {
  complaints = [];
  isExpected = () => false;
  #browser;

  static async launch() {
    const browser = new Browser();
    browser.#browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    });
    return browser;
  }

  /** A page of a person of that name, with nothing in common with other people's. */
  async page(name, options = {}) {
    const context = await this.#browser.newContext({ viewport: DESKTOP, colorScheme: 'light', ...options });
    context.setDefaultTimeout(LIMIT_MS);
    const page = await context.newPage();
    page.on('pageerror', (error) => this.complaints.push(`${name}: ${error.stack ?? error}`));
    page.on('console', (message) => {
      const text = message.text();
      if (['error', 'warning'].includes(message.type()) && !this.isExpected(text, name)) this.complaints.push(`${name}: ${text}`);
    });
    return page;
  }

  close() {
    return this.#browser.close();
  }
}

/** Waits until what the page answers is as wanted; fails with the last answer. */
export async function until(page, wanted, ask, argument, limitMs = LIMIT_MS) {
  const deadline = Date.now() + limitMs;
  let answer = await page.evaluate(ask, argument);
  while (!wanted(answer)) {
    assert.ok(Date.now() < deadline, `${wanted} with ${JSON.stringify(answer)}`);
    await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(resolve); }));
    answer = await page.evaluate(ask, argument);
  }
  return answer;
}

export async function fits(page, width) {
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.equal(room, width);
  assert.ok(wide <= room, `${wide} pixels in a room of ${room}`);
}
