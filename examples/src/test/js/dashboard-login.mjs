// A person logs in to the dashboard and out: node dashboard-login.mjs <http://admin/> <token> <folder for screenshots>
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Browser, fits } from './browser.mjs';
import { legible } from './contrast.mjs';

const [admin, token, screenshots] = process.argv.slice(2);
const browser = await Browser.launch();
browser.isExpected = (text) => text.includes('401 (Unauthorized)');

try {
  for (const options of [{}, { colorScheme: 'dark', viewport: { width: 360, height: 740 }, isMobile: true }]) {
    const name = options.colorScheme ?? 'light';
    const page = await browser.page(name, options);
    const field = page.getByLabel('Token of the admin port');
    await page.goto(admin);
    await page.waitForURL(`${admin}login`);
    await field.fill('not the token');
    await field.press('Enter');
    await page.getByText('That is not the token.').waitFor();
    await legible(page);
    await fits(page, options.viewport?.width ?? 1280);
    await page.screenshot({ path: join(screenshots, `dashboard-login-${name}.png`) });
    await field.fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.waitForURL(admin);
    await page.locator('body[data-live=live]').waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.waitForURL(`${admin}login`);
    await page.goto(admin);
    await page.waitForURL(`${admin}login`);
  }
  assert.deepEqual(browser.complaints, []);
  console.log('ok');
} finally {
  await browser.close();
}
process.exit();
