// A night at a server, for the pictures of the documents; takes some minutes:
// node dashboard-pictures.mjs <http://admin/> <ws://server/> <the server's process> <its jcmd> <folder>
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Browser, until } from './browser.mjs';
import { Peer } from './shared.mjs';

const [admin, server, pid, jcmd, folder] = process.argv.slice(2);
const ROOMS = 40;
const PEOPLE = 1_200;
const MINUTES = 4;
const NAMES = ['Ada', 'Bo', 'Cleo', 'Dora', 'Emil', 'Finn', 'Greta', 'Hana', 'Ivo', 'Juno'];
const NIGHT = ['attic', 'bakery', 'cellar', 'garden', 'kitchen', 'library', 'lobby', 'orchard', 'pantry', 'workshop'];
const TEXTS = ['Good evening', 'Still awake?', 'Nearly asleep', 'Who has the hazelnuts?', 'In the pantry, second shelf', 'Good night'];
const any = (list) => list[Math.floor(Math.random() * list.length)];
const node = async () => (await fetch(`${admin}api/node`)).json();

async function nodeIs(wanted) {
  for (let told = await node(); !wanted(told); told = await node()) await pause(500);
}

/** The chat while its room sleeps: two people are connected, and nothing moves. */
async function chat(name) {
  const people = [];
  for (const person of ['Bo', 'Ada']) {
    const page = await browser.page(person, { viewport: { width: 1180, height: 680 }, reducedMotion: 'reduce' });
    await page.addInitScript((called) => localStorage.setItem('dormouse.name', called), person);
    await page.goto(`${server.replace('ws:', 'http:')}#lobby`);
    await page.locator('[data-testid=actor-state][data-state=awake]').waitFor();
    people.push(page);
  }
  const [bo, ada] = people;
  const garden = await Peer.open(`${server}chat/garden?name=Cleo`);
  for (const [page, text] of [[ada, 'Did the server survive last night?'], [ada, 'I left forty tabs open on purpose.'],
    [bo, 'All forty still connected. The room slept through most of it.'], [ada, 'Quiet now, so we can watch it fall asleep.']]) {
    await page.getByTestId('composer').fill(text);
    await page.getByTestId('composer').press('Enter');
    for (const each of people) await each.getByText(text).waitFor();
  }
  await ada.locator('[data-testid=actor-state][data-state=asleep]').waitFor();
  await ada.locator('[data-room=garden][data-state=asleep]').waitFor();
  await ada.screenshot({ animations: 'disabled', path: join(folder, name) });
  garden.close();
  for (const page of people) await page.context().close();
}

const browser = await Browser.launch();
try {
  await chat('chat.png');
  execFileSync(jcmd, [pid, 'GC.run']);
  await nodeIs(({ heap }) => heap.baselineBytes !== null);
  const rooms = [...NIGHT, ...Array.from({ length: ROOMS - NIGHT.length }, (_, i) => `nest-${i + 1}`)];
  const people = [];
  for (let i = 0; i < PEOPLE; i++) {
    const person = new Peer(`${server}chat/${rooms[i % rooms.length]}?name=${any(NAMES)}`);
    people.push(await person.opened);
    if (i % 40 === 0) await pause(1_000);
  }
  const [ada, bo] = [await Peer.open(`${server}den/burrow?name=Ada&tags=keeper,eu-west`), await Peer.open(`${server}den/burrow?name=Bo&tags=guest`)];
  for (const message of ['put colour brown', 'put depth 2 m', 'put moss plenty, from the north side of the oak', `put story ${'Once upon a time. '.repeat(12)}`,
    'alarm 25200 wake-up', 'alarm 7776000 spring']) await ada.ask(message);
  const mole = await Peer.open(`${server}den/mole?name=Mole`);
  let isNight = true;
  const talk = (async () => {
    for (let i = 0; isNight; i++) {
      const lull = 1 + Math.sin(i / 90);
      people[Math.floor(Math.random() * 6)].socket.send(JSON.stringify({ type: 'say', text: any(TEXTS) }));
      if (i % 23 === 0) any(people).socket.send(JSON.stringify({ type: 'say', text: any(TEXTS) }));
      if (i % 15 === 0) await any([ada, bo]).ask(i % 2 ? 'squeak' : 'put colour brown');
      if (i % 130 === 20) mole.socket.send('fail');
      if (i % 300 === 0) await node(); // Somebody looks, so that all is measured.
      await pause(60 + 120 * lull);
    }
  })();
  await pause(MINUTES * 60_000);
  const before = (await node()).heap.afterGcBytes;
  execFileSync(jcmd, [pid, 'GC.run']);
  await nodeIs(({ heap }) => heap.afterGcBytes !== before && heap.perSocketBytes !== null);
  for (const [name, options] of [['light', {}], ['dark', { colorScheme: 'dark' }],
    ['phone', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }]]) {
    const page = await browser.page(name, options);
    await page.goto(`${admin}#/?sort=failures`);
    await until(page, (text) => /mole.*asleep/s.test(text), () => document.querySelector('[data-testid=actors]').textContent);
    await page.screenshot({ animations: 'disabled', path: join(folder, `dashboard-list-${name}.png`) });
    await page.goto(`${admin}#/actor/den/burrow`);
    await until(page, (text) => text.includes('story'), () => document.querySelector('[data-testid=values]')?.textContent ?? '');
    await page.screenshot({ animations: 'disabled', path: join(folder, `dashboard-actor-${name}.png`) });
  }
  isNight = false;
  await talk;
  console.log('ok');
} finally {
  await browser.close();
}
process.exit();
