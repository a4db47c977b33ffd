// Attaches the DevTools of headless Chromium to the server: node devtools-page.mjs <ws://server> <http://admin> <folder for screenshots>
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { LIMIT_MS, Peer, within } from './shared.mjs';

const [server, admin, screenshots] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

const hibernate = async (path) => {
  const answer = await fetch(`${admin}/actors/${path}/hibernate`, { method: 'POST' });
  assert.equal((await answer.json()).state, 'asleep');
};

try {
  const ada = await Peer.open(`${server}/chat/garden?name=Ada`);
  await hibernate('chat/garden');
  const targets = await (await fetch(`${admin}/json/list`)).json();
  const context = await browser.newContext({ viewport: { width: 1200, height: 620 }, colorScheme: 'light' });
  context.setDefaultTimeout(LIMIT_MS);
  const devtools = await context.newPage();
  await devtools.goto(`${targets[0].devtoolsFrontendUrl}&panel=network`);

  const cell = (text) => devtools.getByRole('cell', { name: text, exact: true }).first();

  // The socket of the actor that sleeps, one that comes, and one that is turned away.
  await cell('garden').waitFor();
  const bo = await Peer.open(`${server}/chat/pond?name=Bo&token=s3cret`, { headers: { Cookie: 'sid=s3cret' } });
  const mallory = new Peer(`${server}/chat/attic?name=Mallory`, { origin: 'https://evil.example' });
  await assert.rejects(within(mallory.opened, 'opening'), /403/);
  await cell('403').waitFor();
  await cell(/^pond/).click();
  await devtools.getByRole('tab', { name: 'Messages' }).click();
  bo.socket.send(JSON.stringify({ type: 'say', text: 'Is anybody in the pond?' }));
  await devtools.getByText('Is anybody in the pond?').first().waitFor();
  await devtools.screenshot({ animations: 'disabled', path: join(screenshots, 'devtools.png') });

  await devtools.getByRole('tab', { name: 'Headers' }).click();
  await devtools.getByText('sid=(redacted)').first().waitFor();
  await devtools.screenshot({ animations: 'disabled', path: join(screenshots, 'devtools-headers.png') });
  const shown = await devtools.locator('body').ariaSnapshot();
  assert.ok(shown.includes('token=(redacted)'), shown);
  assert.equal(shown.includes('s3cret'), false);

  ada.close();
  bo.close();
  console.log('ok');
} finally {
  await browser.close();
}
process.exit();
