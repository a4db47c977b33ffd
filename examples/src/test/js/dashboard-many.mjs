// The dashboard with very many actors of one type: node dashboard-many.mjs <http://admin/> <how many> <folder>
// Prints how long each step took; what is stored is user-000000 and so on.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Browser, until } from './browser.mjs';

const [admin, many, screenshots] = process.argv.slice(2);
const LIMIT = 50;
const browser = await Browser.launch();
const keys = () => [...document.querySelectorAll('[data-testid=actors] .key a')].map((link) => link.textContent);
const found = () => document.querySelector('[data-testid=found]').textContent;

async function took(what, work) {
  const began = performance.now();
  const result = await work();
  console.log(`${what}: ${Math.round(performance.now() - began)} ms`);
  return result;
}

try {
  const page = await browser.page('many');
  const first = await took('first page, with the browser page itself', async () => {
    await page.goto(admin);
    await until(page, (text) => text.startsWith('Actors 1 to 50'), found);
    return page.evaluate(keys);
  });
  assert.equal(new Set(first).size, LIMIT);
  const second = await took('next page', async () => {
    await page.getByTestId('next').click();
    await until(page, (text) => text.startsWith('Actors 51 to 100'), found);
    return page.evaluate(keys);
  });
  assert.equal(new Set([...first, ...second]).size, 2 * LIMIT);
  await took('previous page', async () => {
    await page.getByTestId('previous').click();
    await until(page, (text) => text.startsWith('Actors 1 to 50'), found);
  });
  assert.deepEqual(await page.evaluate(keys), first);
  const last = `user-${String(many - 1).padStart(6, '0')}`;
  await took(`search for one of ${many}`, async () => {
    await page.getByTestId('prefix').fill(last);
    await until(page, (text) => text === '1 actor', found);
  });
  assert.deepEqual(await page.evaluate(keys), [last]);
  await page.screenshot({ path: join(screenshots, 'dashboard-many.png') });
  await took('search in vain', async () => {
    await page.getByTestId('prefix').fill('nobody');
    await page.getByText('No actor is like that.').waitFor();
  });
  assert.deepEqual(browser.complaints, []);
  console.log('ok');
} finally {
  await browser.close();
}
process.exit();
