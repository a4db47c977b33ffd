// The dashboard in headless Chromium: node dashboard.mjs <http://admin/> <ws://server/> <folder for screenshots>
// Prints "kill" when the server is to be killed and "start" when it is to come back, and waits for "done" each time.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Browser, fits, until } from './browser.mjs';
import { legible } from './contrast.mjs';
import { Peer, test } from './shared.mjs';

const [admin, server, screenshots] = process.argv.slice(2);
const OUTAGE = /net::ERR_/;
const HOSTILE = '<img src=x onerror="document.body.dataset.harm=1">';
const LONG = 'long'.repeat(100);
const PHONE = { isMobile: true, hasTouch: true };

const browser = await Browser.launch();
let isOutage = false;
browser.isExpected = (text, name) => (isOutage && OUTAGE.test(text)) || (name === 'lost' && /status of 40[04]|Content Security Policy/.test(text));

const connect = (type, key, query = '') => Peer.open(`${server}${type}/${encodeURIComponent(key)}${query}`);
const linkTo = (type, key) => `${admin}#/actor/${type}/${encodeURIComponent(key)}`;
const shot = (page, name) => page.screenshot({ animations: 'disabled', path: join(screenshots, `dashboard-${name}.png`) });
const part = (page, id) => page.getByTestId(id);
const shows = (place, text) => place.filter({ hasText: text }).first().waitFor();

const isLive = (page) => page.locator('body[data-live=live]').waitFor();
const isState = (page, state) => page.locator(`[data-testid=about-state] [data-state=${state}]`).waitFor();
const keys = () => [...document.querySelectorAll('[data-testid=actors] .key a')].map((link) => link.textContent).sort();
const isSame = (wanted) => {
  const sorted = JSON.stringify([...wanted].sort());
  return Object.assign((shown) => JSON.stringify(shown) === sorted, { toString: () => sorted });
};
const activations = () => Number(document.querySelector('[data-testid=about-activations] dd')?.textContent);

/** Nothing that was stored has become part of the page. */
async function isUnharmed(page) {
  assert.deepEqual(await page.evaluate(() => [document.body.dataset.harm ?? null, document.querySelectorAll('main img').length]), [null, 0]);
}

/** What is there before anybody looks: actors of four types, two of them asleep with their sockets open. */
async function populate() {
  assert.equal((await fetch(`${admin}api/node`)).status, 200); // Turns are remembered while somebody looks.
  const ada = await connect('den', 'burrow', `?name=Ada&tags=keeper,eu-west`);
  const bo = await connect('den', 'burrow', `?name=${encodeURIComponent(HOSTILE)}&tags=${encodeURIComponent(HOSTILE)}`);
  const peers = [ada, bo];
  for (const message of ['put colour brown', `put ${HOSTILE.replaceAll(' ', '\u00a0')} ${HOSTILE}`, `put story ${'Once upon a time. '.repeat(20)}`,
    `put large ${'x'.repeat(3_000)}`, 'alarm 7200 wake-up', `alarm 90000 ${HOSTILE}`]) {
    assert.equal(await ada.ask(message), message);
  }
  for (const key of [HOSTILE, LONG, 'nest']) {
    const peer = await connect('den', key, '?name=Cleo');
    await peer.ask('hello');
    peers.push(peer);
  }
  const warren = await Promise.all(Array.from({ length: 55 }, (_, i) => connect('den', 'warren', `?name=Guest%20${i}`)));
  for (let i = 0; i < 60; i++) await warren[0].ask(`put tunnel/${10 + i} ${i} metres`);
  peers.push(...warren);
  for (const key of ['lobby', 'library']) {
    const peer = await connect('chat', key, '?name=Dora');
    await peer.next();
    peers.push(peer);
  }
  peers.push(await connect('counter', 'visits'), await connect('echo', 'cave'));
  for (const actor of ['den/nest', 'chat/library']) {
    assert.equal((await fetch(`${admin}api/actors/${actor}/hibernate`, { method: 'POST' })).status, 200);
  }
  return { ada, bo, peers };
}

try {
  const { ada, bo, peers } = await populate();
  const all = ['ghost', 'burrow', HOSTILE, LONG, 'warren', 'nest', 'lobby', 'library', 'visits', 'cave'];
  const light = await browser.page('light');
  await light.addInitScript(() => {
    // How many questions are under way at once.
    const fetched = window.fetch;
    window.most = 0;
    let now = 0;
    window.fetch = async (path, options) => {
      const isAsking = String(path).startsWith('/api/') && (options?.method ?? 'GET') === 'GET';
      if (isAsking) window.most = Math.max(window.most, now += 1);
      try {
        return await fetched(path, options);
      } finally {
        if (isAsking) now -= 1;
      }
    };
  });

  // The node, and the actors with what there is to know of each.
  await light.goto(admin);
  await isLive(light);
  await until(light, isSame(all), keys);
  const row = (key) => light.locator('tbody tr').filter({ has: light.getByRole('link', { name: key, exact: true }) });
  await shows(row('burrow'), /den.*active.*2.*ago · upgrade.*idle .* of 3600/s);
  await shows(row('nest'), /hibernated/);
  await until(light, (text) => text === `${peers.length}`, () => document.querySelector('[data-testid=cell-sockets] .number').textContent);
  await light.locator('[data-testid=cell-sockets] path.line[d*=L]').waitFor({ state: 'attached' });
  assert.equal(await light.locator('.logout').isVisible(), false);
  await isUnharmed(light);
  await shot(light, 'list-light');
  await legible(light);

  // Those of a type, those in memory, those that begin like that; the address keeps it.
  await light.getByTestId('type').selectOption('den');
  await until(light, isSame(all.slice(1, 6)), keys);
  await light.getByText('In memory', { exact: true }).click();
  await until(light, isSame(all.slice(1, 5)), keys);
  await light.getByTestId('prefix').fill('bur');
  await until(light, isSame(['burrow']), keys);
  await light.reload();
  await until(light, isSame(['burrow']), keys);
  assert.equal(await light.getByTestId('prefix').inputValue(), 'bur');
  await light.getByTestId('prefix').fill('stored');
  await light.getByText('No actor is like that.').waitFor();
  await light.getByTestId('prefix').fill('bur');

  // One of them, by keyboard: what it is, what it keeps, what it did.
  await light.getByRole('link', { name: 'burrow', exact: true }).focus();
  await light.keyboard.press('Enter');
  await light.getByRole('heading', { name: 'burrow' }).waitFor();
  await isState(light, 'active');
  const connections = part(light, 'connections').locator('tbody tr');
  await shows(connections, /keeper\s*eu-west.*Guest \{ name: "Ada", rights: \["read", "write"\], visits: 1 \}/s);
  await shows(connections, /<img src=x.*Guest \{ name: "<img src=x onerror=\\"document/s);
  const values = part(light, 'values').locator('tbody tr');
  await shows(values, /colour.*"brown"/s);
  await shows(values, /<img\u00a0src=x.*"<img src=x onerror=/s);
  await values.filter({ hasText: 'large' }).getByRole('button', { name: 'Show the value of large' }).click();
  await shows(values, /x{3000}/);
  await light.getByTestId('value-prefix').fill('col');
  await until(light, (number) => number === 1, () => document.querySelectorAll('[data-testid=values] tbody tr').length);
  await light.getByTestId('value-prefix').fill('');
  await shows(values, /story/);
  const alarms = part(light, 'alarms').locator('tbody tr');
  await shows(alarms, /wake-up.*in 1 h \d+ min/s);
  await shows(alarms, /<img src=x.*in 1 d 0 h/s);
  const turns = part(light, 'turns').locator('tbody tr');
  await shows(turns, /message.*\d\d:\d\d:\d\d.*(ms|µs)/s);
  await shows(turns, /upgrade/);
  await isUnharmed(light);
  await shot(light, 'actor-light');
  await legible(light);

  // It leaves memory, and its sockets stay; a message wakes it.
  const before = await light.evaluate(activations);
  await light.getByTestId('hibernate').click();
  await shows(light.getByTestId('answer'), 'It has left memory.');
  await isState(light, 'hibernated');
  await shot(light, 'actor-asleep-light');
  assert.equal(await ada.ask('wake up'), 'wake up');
  await isState(light, 'active');
  await until(light, (number) => number === before + 1, activations);
  await shows(light.getByTestId('about-last-wake'), /by message/);

  // A connection is closed if one is sure, as one says.
  const close = connections.filter({ hasText: 'img src' }).getByTestId('close');
  await close.click();
  await light.getByTestId('ask').waitFor();
  await legible(light);
  await light.keyboard.press('Escape');
  await light.getByTestId('ask').waitFor({ state: 'detached' });
  await close.click();
  await light.getByTestId('close-code').fill('4001');
  await light.getByTestId('close-reason').fill('That will do');
  await shot(light, 'close-light');
  await light.getByTestId('ask-yes').click();
  assert.deepEqual(await bo.next(), { code: 4001, reason: 'That will do' });
  await until(light, (number) => number === 1, () => document.querySelectorAll('[data-testid=connections] tbody tr').length);

  await shows(turns, /close/);

  // It is reset if one is sure; its socket stays.
  await light.getByTestId('reset').click();
  await light.getByTestId('ask-no').click();
  await light.getByTestId('reset').click();
  await light.getByTestId('ask-yes').click();
  await shows(light.getByTestId('answer'), 'Reset');
  await light.getByTestId('about-last-reset').waitFor();
  await isState(light, 'hibernated');
  assert.equal(await ada.ask('still here'), 'still here');
  await isState(light, 'active');
  assert.equal(await light.evaluate(() => window.most), 1);

  // Where there is more of something than a page has, one turns pages.
  await light.goto(linkTo('den', 'warren'));
  const rows = (id) => document.querySelectorAll(`[data-testid=${id}] tbody tr`).length;
  for (const [id, all, last] of [['connections', 55, /Guest/], ['values', 60, /tunnel\/69.*59 metres/s]]) {
    await until(light, (number) => number === 50, rows, id);
    await light.getByRole('button', { name: `More ${id}` }).click();
    await until(light, (number) => number === all - 50, rows, id);
    await shows(part(light, id).locator('tbody tr'), last);
    await light.getByRole('button', { name: `Previous ${id}` }).click();
    await until(light, (number) => number === 50, rows, id);
  }
  await light.goto(linkTo('den', 'burrow'));

  // In the dark.
  const dark = await browser.page('dark', { colorScheme: 'dark' });
  await dark.goto(admin);
  await until(dark, isSame(all), keys);
  await shot(dark, 'list-dark');
  await legible(dark);
  await dark.goto(linkTo('den', 'burrow'));
  await shows(part(dark, 'connections').locator('tbody tr'), /Ada/);
  await shows(part(dark, 'turns').locator('tbody tr'), /message/);
  await shot(dark, 'actor-dark');
  await legible(dark);
  const background = () => getComputedStyle(document.body).backgroundColor;
  assert.notEqual(await light.evaluate(background), await dark.evaluate(background));

  // What is not there, or cannot be asked for.
  const lost = await browser.page('lost', { colorScheme: 'dark' });
  await lost.goto(linkTo('den', 'nobody was here'));
  await shows(lost.getByTestId('trouble'), 'there is no actor den/nobody was here');
  assert.equal(await lost.getByTestId('hibernate').isDisabled(), true);
  await lost.goto(linkTo('gone', 'ghost'));
  await lost.getByText('No actor type of this name is registered').waitFor();
  await lost.getByText('Nobody is connected.').waitFor();
  await lost.getByText('It has stored nothing.').waitFor();
  await isState(lost, 'inactive');
  assert.equal(await lost.getByTestId('reset').isDisabled(), true);
  await lost.goto(linkTo('Not-A-Type', 'x'));
  await shows(lost.getByTestId('trouble'), /Not-A-Type/);

  // Should markup ever come in, its scripts would not run.
  assert.equal(await lost.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'document.body.dataset.harm = 2';
    document.body.append(script);
    return document.body.dataset.harm ?? null;
  }), null);
  await lost.context().close();

  // On phones nothing scrolls sideways.
  for (const width of [390, 360]) {
    const phone = await browser.page(`phone ${width}`, { viewport: { width, height: 844 }, ...PHONE });
    await phone.goto(admin);
    await until(phone, isSame(all), keys);
    await fits(phone, width);
    await shot(phone, `list-phone-${width}`);
    for (const key of ['burrow', LONG]) {
      await phone.goto(linkTo('den', key));
      await shows(part(phone, 'connections').locator('tbody tr'), /Ada|Cleo/);
      await shows(part(phone, 'turns').locator('tbody tr'), /message/);
      await fits(phone, width);
    }
    await phone.goto(linkTo('den', 'burrow'));
    await shows(part(phone, 'values').locator('tbody tr'), /colour/);
    await shot(phone, `actor-phone-${width}`);
    await legible(phone);
    await phone.context().close();
  }

  // A page that nobody sees asks nothing; one that is seen is the clock of this.
  const asked = { light: 0, dark: 0 };
  await light.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  light.on('request', (request) => { asked.light += request.url().endsWith('/api/node') ? 1 : 0; });
  dark.on('request', (request) => { asked.dark += request.url().endsWith('/api/node') ? 1 : 0; });
  for (let i = 0; i < 4; i++) await dark.waitForRequest(`${admin}api/node`);
  assert.ok(asked.light <= 1, `${asked.light} questions of a page that nobody sees, ${asked.dark} of one that is seen`);
  await light.evaluate(() => {
    delete document.hidden;
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await light.waitForRequest(`${admin}api/node`);

  // The server dies: that is said, and what was shown stays. It comes back, and so does the page, by itself.
  await light.goto(linkTo('den', 'burrow'));
  await isLive(light);
  await shows(connections, /Ada/);
  isOutage = true;
  await test('kill');
  await shows(light.getByTestId('away'), /The server does not answer\. What is shown is of \d\d:\d\d:\d\d/);
  await shows(connections, /Ada/);
  await shot(light, 'away-light');
  await light.getByTestId('hibernate').click();
  await shows(light.getByTestId('answer'), 'The server does not answer.');
  await test('start');
  await light.getByTestId('away').waitFor({ state: 'hidden' });
  await light.getByText('Nobody is connected.').waitFor();
  await shows(values, /colour/);
  await until(light, (number) => number === '0', () => document.querySelector('[data-testid=about-connections] dd').textContent);

  assert.deepEqual(browser.complaints, []);
  console.log('ok');
} finally {
  await browser.close();
}
process.exit();
