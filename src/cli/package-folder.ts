// Where the package lies, however it was started: the folder above dist/ or src/ that holds package.json.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder) throw new Error('package.json was not found above the program');
    folder = above;
  }
  return folder;
}

export function corpusFolder(): string {
  return join(packageFolder(), 'litmus');
}
