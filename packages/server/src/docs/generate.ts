import { writeFile } from 'node:fs/promises';
import { pages } from './pages.ts';

/** `npm run docs`: writes the generated pages of docs/. */
for (const [path, content] of Object.entries(pages())) {
  await writeFile(new URL(`../../../../${path}`, import.meta.url), content);
}
