// Two people chat in headless Chromium: node chat-page.mjs <http://server> <folder for screenshots>
// Prints "kill" when the server is to be killed and "start" when it is to come back, and waits for "done" each time.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Browser, fits, until } from './browser.mjs';
import { test } from './shared.mjs';

const [server, screenshots] = process.argv.slice(2);
const ROOM = 'e2e';
const OUTAGE = /net::ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE)/;

const browser = await Browser.launch();
let isOutage = false;
browser.isExpected = (text) => isOutage && OUTAGE.test(text);

/** To be run in a page before its own scripts: keeps all that it says of the room and of itself, from the first paint on. */
function listen() {
  window.said = new Set();
  new MutationObserver(() => {
    const words = ['actor-state', 'state-line', 'composer-hint'].map((id) => document.getElementById(id)?.textContent.trim());
    words.filter(Boolean).forEach((text) => window.said.add(text));
  }).observe(document, { subtree: true, childList: true, characterData: true });
}

async function enter(name, options = {}) {
  const page = await browser.page(name, options);
  await page.addInitScript(listen);
  await page.goto(`${server}/#${ROOM}`);
  await until(page, (people) => people > 0, () => document.querySelectorAll('[data-testid=member]').length);
  await page.getByTestId('name').fill(name);
  await page.getByTestId('name').press('Enter');
  await showsMembers(page, (names) => names.includes(name));
  return page;
}

const showsMembers = (page, wanted) => until(page, wanted,
  () => [...document.querySelectorAll('[data-testid=member] .member-name')].map((node) => node.textContent));

const showsTexts = (page, texts) => until(page, (shown) => JSON.stringify(shown) === JSON.stringify(texts),
  () => [...document.querySelectorAll('[data-testid=message] .text')].map((node) => node.textContent));

const secondsToNextAttempt = () => Number(
  document.querySelector('[data-testid=banner]').textContent.match(/in ([0-9]+) s/)?.[1] ?? 0);

const showsState = (page, state) => page.locator(`[data-testid=actor-state][data-state=${state}]`).waitFor();

const wakes = async (page) => Number(await page.getByTestId('wakes').textContent());

async function say(page, text) {
  await page.getByTestId('composer').fill(text);
  await page.getByTestId('composer').press('Enter');
}

/** A page whose socket stays silent, and whose rooms are as it is told. */
async function connects() {
  const page = await browser.page('held');
  let rooms = [];
  let asked = 0;
  await page.routeWebSocket(/chat/, () => {});
  await page.route('**/rooms', (route) => {
    asked += 1;
    return route.fulfill({ json: { rooms } });
  });
  await page.goto(`${server}/#${ROOM}`);
  const card = () => [document.getElementById('actor').offsetHeight, document.querySelector('[data-testid=kept-awake-by]').textContent];
  await until(page, () => asked > 2, () => 0);
  await showsState(page, 'connecting');
  assert.equal(await page.locator('#composer-hint').textContent(), 'Connecting');
  assert.equal(await page.locator('#theme-toggle use').getAttribute('href'), '#icon-theme'); // The crescent means asleep.
  const heights = new Set();
  for (const [keptAwakeBy, words] of [[['idle 0.0 s of 10.0 s'], 'idle 0 of 10 s'], [['idle 10.0 s of 10.0 s'], 'idle 10 of 10 s'],
    [['a running turn since 12.3 s', '1,024 waiting events', 'commits on their way'], 'a running turn since 12.3 s, 1,024 waiting events, commits on their way']]) {
    rooms = [{ room: ROOM, state: 'awake', connections: 2, wakes: 3, keptAwakeBy }];
    heights.add((await until(page, ([, shown]) => shown === words, card))[0]);
  }
  assert.equal(heights.size, 1, `the card moves: ${[...heights]}`);
  await page.context().close();
}

const shot = (page, name) => page.screenshot({ animations: 'disabled', path: join(screenshots, `${name}.png`) });

try {
  const ada = await enter('Ada');
  const bo = await enter('Bo', { colorScheme: 'dark' });
  const both = [ada, bo];
  const isAdaAndBo = (names) => names.length === 2 && names.includes('Ada') && names.includes('Bo');

  // Until the room is reached, a page says that it connects.
  for (const page of both) {
    const [first, ...said] = await page.evaluate(() => [...window.said]);
    assert.match(first, /^Connecting/);
    assert.deepEqual(said.filter((text) => /inactive|offline/i.test(text)), []);
  }
  await connects();

  // Both hear both.
  const texts = ['Good morning', 'Morning. Quiet now.'];
  await say(ada, texts[0]);
  await showsTexts(bo, texts.slice(0, 1));
  await say(bo, texts[1]);
  for (const page of both) {
    await showsTexts(page, texts);
    await showsMembers(page, isAdaAndBo);
  }

  // The room falls asleep; the next message wakes it.
  await showsState(ada, 'awake');
  await shot(ada, '1-awake-light');
  for (const page of both) await showsState(page, 'asleep');
  await until(ada, (running) => running === 0, () => document.getAnimations().length);
  assert.deepEqual(await ada.evaluate(() => ['sun', 'moon'].map((name) => getComputedStyle(document.querySelector(`.${name}`)).opacity)), ['0', '1']);
  await shot(ada, '2-asleep-light');
  await shot(bo, '3-asleep-dark');
  const before = await wakes(ada);
  texts.push('Wake up');
  await say(bo, texts.at(-1));
  await until(ada, (number) => number === before + 1, () => Number(document.querySelector('[data-testid=wakes]').textContent));
  await showsState(ada, 'awake');
  for (const page of both) await showsTexts(page, texts);

  // The server dies. What is being written stays; nothing can be sent.
  isOutage = true;
  await test('kill');
  for (const page of both) await page.getByTestId('banner').waitFor();
  await ada.getByTestId('composer').fill('Written in the dark');
  assert.equal(await ada.getByTestId('send').isDisabled(), true);
  await ada.getByTestId('composer').press('Enter');
  await shot(ada, '4-away-light');

  // It stays away until the pages' next attempt is far. Then it is back, and so are both, by themselves and long
  // before that: each message once, each person once.
  await until(ada, (seconds) => seconds > 14, secondsToNextAttempt, undefined, 2 * 60_000);
  await test('start');
  for (const page of both) await page.getByTestId('banner').waitFor({ state: 'hidden', timeout: 10_000 });
  for (const page of both) {
    await showsTexts(page, texts);
    await showsMembers(page, isAdaAndBo);
  }
  isOutage = false;
  assert.equal(await ada.getByTestId('composer').inputValue(), 'Written in the dark');
  await ada.getByTestId('send').click();
  texts.push('Written in the dark', 'I can read it');
  await showsTexts(bo, texts.slice(0, -1));
  await say(bo, texts.at(-1));
  for (const page of both) await showsTexts(page, texts);
  await shot(bo, '5-back-dark');

  // Without a network a page says so at once, and comes back with it, without a word lost or doubled.
  isOutage = true;
  await bo.context().setOffline(true);
  await bo.getByTestId('banner').filter({ hasText: 'This device is offline' }).waitFor();
  texts.push('Are you there?');
  await say(ada, texts.at(-1));
  await showsTexts(ada, texts);
  await bo.context().setOffline(false);
  await bo.getByTestId('banner').waitFor({ state: 'hidden' });
  isOutage = false;
  for (const page of both) {
    await showsTexts(page, texts);
    await showsMembers(page, isAdaAndBo);
  }

  // Light and dark, and the choice is kept.
  const background = () => getComputedStyle(document.body).backgroundColor;
  const light = await ada.evaluate(background);
  const dark = await bo.evaluate(background);
  assert.notEqual(light, dark);
  await ada.getByTestId('theme-toggle').click();
  await until(ada, (color) => color === dark, background);
  await ada.reload();
  await until(ada, (color) => color === dark, background);
  await showsTexts(ada, texts);
  await shot(ada, '6-toggled-dark');
  await ada.getByTestId('theme-toggle').click();
  await until(ada, (color) => color === light, background);

  // On a phone nothing scrolls sideways.
  const phone = await enter('Cleo', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  await showsTexts(phone, texts);
  await fits(phone, 390);
  await shot(phone, '7-phone-light');
  for (const drawer of ['rooms', 'people']) {
    await phone.locator(`.open-${drawer}`).click();
    await phone.locator(`#${drawer}-panel.open`).waitFor();
    await fits(phone, 390);
    await shot(phone, `8-phone-${drawer}`);
    await phone.keyboard.press('Escape');
  }

  assert.deepEqual(browser.complaints, []);
  console.log('ok');
} finally {
  await browser.close();
}
process.exit();
