// Proves that the npm packages and the Chromium of the tests are there.
import { chromium } from 'playwright-core';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
server.on('connection', (socket) => socket.send('ok'));
await new Promise((resolve) => server.once('listening', resolve));

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const page = await browser.newPage();
  const answer = await page.evaluate(
    (port) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}`);
        socket.onmessage = (event) => resolve(event.data);
        socket.onerror = () => reject(new Error('no connection'));
      }),
    server.address().port,
  );
  console.log(answer);
} finally {
  await browser.close();
  server.close();
}
