import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pages } from './pages.ts';

test.each(Object.entries(pages()))('%s is what npm run docs writes', (path, content) => {
  expect(readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8')).toBe(content);
});
