// Builds dist/: the client in one file, and its types. With --check, builds beside it and compares.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const GZIPPED_MAX = 4_096;
const FILE = 'dormouse.min.js';
const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, 'dist');
const isCheck = process.argv.includes('--check');
const out = isCheck ? mkdtempSync(join(tmpdir(), 'dormouse-client-')) : dist;

function fail(why) {
  console.error(`client-js: ${why}`);
  process.exitCode = 1;
}

try {
  if (!isCheck) rmSync(dist, { recursive: true, force: true });
  await build({
    entryPoints: [join(here, 'src/index.ts')],
    outfile: join(out, FILE),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    banner: { js: '/* Dormouse client, Apache-2.0 */' },
  });
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', here, '--outDir', out], { stdio: 'inherit' });

  const size = gzipSync(readFileSync(join(out, FILE)), { level: 9 }).length;
  console.log(`${FILE}: ${size} bytes gzipped`);
  if (size >= GZIPPED_MAX) fail(`${FILE} has ${size} bytes gzipped, and must have less than ${GZIPPED_MAX}`);
  if (isCheck) {
    const names = (folder) => readdirSync(folder).sort();
    const differs = new Set([...names(out), ...names(dist)].filter((name) =>
      !names(out).includes(name) || !names(dist).includes(name)
      || !readFileSync(join(out, name)).equals(readFileSync(join(dist, name)))));
    if (differs.size > 0) {
      fail(`dist/ is not what src/ builds (${[...differs].join(', ')}); run 'npm run build' and commit dist/`);
    }
  }
} finally {
  if (isCheck) rmSync(out, { recursive: true, force: true });
}
