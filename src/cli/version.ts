// The package's version. The build writes it in; run from source it is read.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from './package-folder.ts';

declare const FENCEPOST_VERSION: string | undefined;

export const version: string = typeof FENCEPOST_VERSION === 'string' ? FENCEPOST_VERSION : read();

function read(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown';
}
