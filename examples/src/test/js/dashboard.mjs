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
const PHONE_WIDTH = 360;

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
const wakes = () => Number(document.querySelector('[data-testid=about-wakes] dd')?.textContent);

/** Pages, API and documents have one word for each thing. */
async function speaks(page) {
  const words = await page.evaluate(() => [document.body.innerText, ...[...document.querySelectorAll('[title]')].map(({ title }) => title)].join('\n'));
  assert.doesNotMatch(words, /hibernate|activat|\bpins?\b|kept in memory|\bactive\b/i);
}

const inOrder = () => [...document.querySelectorAll('[data-testid=actors] .key a')].map((link) => link.textContent);

/** An actor's page is no longer than two screens, however much there is of it. */
async function isShort(page) {
  const [height, screen] = await page.evaluate(() => [document.documentElement.scrollHeight, innerHeight]);
  assert.ok(height <= 2 * screen, `${height} pixels on screens of ${screen}`);
}

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
  const mole = await connect('den', 'mole');
  peers.push(mole);
  for (let i = 0; i < 2; i++) mole.socket.send('fail');
  await mole.ask('hello');
  const warren = await Promise.all(Array.from({ length: 55 }, (_, i) => connect('den', 'warren', `?name=Guest%20${i}`)));
  for (let i = 0; i < 60; i++) await warren[0].ask(`put tunnel/${10 + i} ${i} metres`);
  peers.push(...warren);
  for (const key of ['lobby', 'library']) {
    const peer = await connect('chat', key, '?name=Dora');
    await peer.next();
    peers.push(peer);
  }
  peers.push(await connect('counter', 'visits'), await connect('echo', 'cave'));
  for (const actor of ['den/nest', 'den/mole', 'chat/library']) {
    assert.equal((await fetch(`${admin}api/actors/${actor}/hibernate`, { method: 'POST' })).status, 200);
  }
  return { ada, bo, peers };
}

try {
  const { ada, bo, peers } = await populate();
  const all = ['ghost', 'burrow', HOSTILE, LONG, 'warren', 'nest', 'mole', 'lobby', 'library', 'visits', 'cave'];
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
  await shows(row('burrow'), /den.*awake.*2.*ago · upgrade.*idle .* of 3600/s);
  await shows(row('nest'), /asleep/);
  await speaks(light);
  await until(light, (text) => text === `${peers.length}`, () => document.querySelector('[data-testid=cell-sockets] .number').textContent);
  await light.locator('[data-testid=cell-sockets] path.line[d*=L]').waitFor({ state: 'attached' });
  assert.equal(await light.locator('.logout').isVisible(), false);
  await isUnharmed(light);
  await shot(light, 'list-light');
  await legible(light);

  // What sleeps looks asleep: by its colour, and by its shape.
  const looks = async (state) => {
    for (let tries = 0; tries < 100; tries++) {
      const found = await light.locator(`tbody [data-state=${state}]`).first().evaluate((element) => {
        const mark = getComputedStyle(element, '::before');
        const look = [getComputedStyle(element).color, mark.backgroundColor, mark.boxShadow];
        return element.isConnected ? look : null; // the list may have made the row anew meanwhile
      });
      if (found) return found;
    }
    return assert.fail(`no row stays in the list that is ${state}`);
  };
  const [awake, asleep] = [await looks('awake'), await looks('asleep')];
  assert.notEqual(awake[0], asleep[0]);
  assert.notEqual(awake[1], asleep[1]);
  assert.match(asleep[2], /inset/);

  // What fails is seen in the list, and found among all.
  await shows(row('mole'), /ago · 2 times.*IllegalStateException: as it was told to/s);
  await until(light, (text) => text === '1', () => document.querySelector('[data-testid=failing]').textContent);
  await light.locator('.segments span', { hasText: 'Failing' }).click();
  await until(light, isSame(['mole']), keys);
  await light.getByText('Stored', { exact: true }).click();
  await until(light, isSame(all), keys);

  // A column sorts, the other way round, and no more; the address keeps it.
  const head = light.getByRole('button', { name: 'Connections', exact: true });
  await head.focus();
  await light.keyboard.press('Enter');
  await until(light, (shown) => shown[0] === 'warren' && shown[1] === 'burrow', inOrder);
  await light.reload();
  await until(light, (shown) => shown[0] === 'warren' && shown[1] === 'burrow', inOrder);
  assert.equal(await light.locator('th[aria-sort=descending]').innerText(), 'Connections');
  await head.click();
  await until(light, (shown) => shown[0] === 'ghost' && shown.at(-1) === 'warren', inOrder);
  await head.click();
  await until(light, (shown) => shown[0] === 'library', inOrder);
  assert.equal(await light.locator('th[aria-sort]').count(), 0);

  // A spike does not flatten a chart; a rise that lasts, and a start, are shown in full.
  assert.deepEqual(await light.evaluate(async () => {
    const { topOf } = await import('/dashboard/chart.js');
    const calm = (number) => Array(number).fill(2);
    return [topOf([[...calm(290), 400]]), topOf([[...calm(100), ...Array(60).fill(400)]]), topOf([[...calm(5), 400]]), topOf([[0, null], []])];
  }), [3, 400, 400, 1]);
  const spiky = await light.evaluate(async () => {
    const { Chart } = await import('/dashboard/chart.js');
    const chart = new Chart('spiky', 'Spiky', ['one', 'two'], String);
    chart.update({ number: '2', series: [[...Array(100).fill(2), 400], Array(101).fill(1)], room: 101, stepMs: 1000 });
    const d = (name) => chart.element.querySelector(name).getAttribute('d');
    return [Number(/^M\S+ ([\d.]+)/.exec(d('.line-0'))[1]), d('.cut'), chart.element.querySelector('.most').textContent];
  });
  assert.ok(spiky[0] < 20, `the usual is drawn at ${spiky[0]} of 44, from the top`);
  assert.deepEqual(spiky.slice(1), ['M300.0 4h0', 'max 400']);

  // A chart has a legend, and its values where one points, with the keyboard, too.
  const messages = light.getByTestId('cell-messages');
  assert.equal(await messages.locator('.swatch').count(), 2);
  const plot = messages.locator('.plot');
  const box = await plot.boundingBox();
  await light.mouse.move(box.x + box.width - 1, box.y + box.height / 2);
  await shows(messages.locator('.tip'), /in\/s.*out\/s.*now/s);
  await light.mouse.move(0, 0);
  await messages.locator('.tip').waitFor({ state: 'hidden' });
  await plot.focus();
  await light.keyboard.press('ArrowLeft');
  await shows(messages.locator('.tip'), /in\/s.*out\/s.*1 s ago/s);
  assert.match(await plot.getAttribute('aria-valuetext'), /^in\/s \S+, out\/s \S+, 1 s ago$/);
  await light.keyboard.press('Escape');
  await messages.locator('.tip').waitFor({ state: 'hidden' });

  // Those of a type, those in memory, those that begin like that; the address keeps it.
  await light.getByTestId('type').selectOption('den');
  await until(light, isSame(all.slice(1, 7)), keys);
  await light.locator('.segments span', { hasText: 'Awake' }).click();
  await until(light, isSame(['burrow', HOSTILE, LONG, 'warren']), keys);
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
  await isState(light, 'awake');
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
  await speaks(light);
  await shot(light, 'actor-light');
  await legible(light);

  // It leaves memory, and its sockets stay; a message wakes it.
  const before = await light.evaluate(wakes);
  await light.getByTestId('hibernate').click();
  await shows(light.getByTestId('answer'), 'It has fallen asleep.');
  await isState(light, 'asleep');
  await shot(light, 'actor-asleep-light');
  assert.equal(await ada.ask('wake up'), 'wake up');
  await isState(light, 'awake');
  await until(light, (number) => number === before + 1, wakes);
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
  await isState(light, 'asleep');
  assert.equal(await ada.ask('still here'), 'still here');
  await isState(light, 'awake');
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
  await isShort(light);
  await shot(light, 'actor-large-light');

  // A handler that threw is said to have failed, and why.
  await light.goto(linkTo('den', 'mole'));
  await shows(turns, /^wake.*nothing to store/s);
  await shows(turns, /message.*handler failed.*IllegalStateException: as it was told to/s);
  await shows(light.getByTestId('about-failures'), /2, the last .* ago: IllegalStateException: as it was told to/);
  assert.equal(await light.locator('.columns').getByText(/commit/i).count(), 0);
  await light.goto(linkTo('den', 'burrow'));

  // In the dark, and at rest for those who want that.
  const dark = await browser.page('dark', { colorScheme: 'dark', reducedMotion: 'reduce' });
  await dark.goto(admin);
  await until(dark, isSame(all), keys);
  await isLive(dark);
  assert.equal(await dark.evaluate(() => document.getAnimations().length), 0);
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
  await shows(lost.getByTestId('missing'), 'There is no such actor.');
  const buttons = lost.locator('main').getByRole('button');
  assert.equal(await buttons.count(), 0);
  await lost.goto(linkTo('gone', 'ghost'));
  await lost.getByText('No actor type of this name is registered').waitFor();
  await lost.getByText('Nobody is connected.').waitFor();
  await lost.getByText('It has stored nothing.').waitFor();
  await isState(lost, 'inactive');
  assert.equal(await lost.locator('.orders').isVisible(), false);
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
  const phone = await browser.page('phone', { viewport: { width: PHONE_WIDTH, height: 844 }, isMobile: true, hasTouch: true });
  await phone.goto(admin);
  await until(phone, isSame(all), keys);
  await fits(phone, PHONE_WIDTH);
  await shot(phone, 'list-phone');
  assert.deepEqual(await phone.evaluate(() => [...document.querySelectorAll('[data-testid=actors] .scroll')]
    .map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)), [0]);
  for (const key of ['warren', LONG, 'burrow']) {
    await phone.goto(linkTo('den', key));
    await shows(part(phone, 'connections').locator('tbody tr'), /Ada|Cleo|Guest/);
    await fits(phone, PHONE_WIDTH);
    await isShort(phone);
    for (const [name, id] of [['Turns', 'turns'], ['Alarms', 'alarms'], ['Storage', 'values']]) {
      await phone.locator('.parts span', { hasText: name }).click();
      await part(phone, id).locator('.scroll').waitFor();
      await fits(phone, PHONE_WIDTH);
      await isShort(phone);
    }
  }
  await shows(part(phone, 'values').locator('tbody tr'), /colour/);
  await shot(phone, 'actor-phone');
  await legible(phone);
  await phone.context().close();

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
