import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createFilter } from './interim-answers.ts';

const interim = [
  '',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.0 100\r\nX-A: b\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n',
];
const head = 'HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n';
const body = 'HTTP/1.1 100 Continue\r\n\r\n';

function passed(
  filter: ReturnType<typeof createFilter>,
  text: string,
  cuts: readonly number[],
  written: number,
) {
  const ends = [...cuts.map((cut) => cut % text.length).sort((a, b) => a - b), text.length];
  return ends
    .map((end, index) => Buffer.from(text.slice(ends[index - 1] ?? 0, end)))
    .filter(({ length }) => length > 0)
    .map((chunk) => filter(chunk, written)?.toString() ?? '')
    .join('');
}

it('what is said before each answer of a connection is left out and all else comes through, however it is cut', () => {
  const answers = fc.array(fc.tuple(fc.constantFrom(...interim), fc.array(fc.nat(), { maxLength: 8 })), {
    minLength: 1,
  });
  fc.assert(
    fc.property(answers, (all) => {
      const filter = createFilter();
      for (const [index, [before, cuts]] of all.entries()) {
        const text = `${before}${head}`;
        expect(passed(filter, text, cuts, index + 1)).toBe(head);
        expect(passed(filter, body, cuts, index + 1)).toBe(body);
      }
    }),
  );
});

it('what is like it but another answer comes through whole', () => {
  for (const text of [
    'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    'HTTP/1.1 1000\r\n\r\n',
    'nonsense',
    'HTTP/2.0 100 OK\r\n\r\n',
  ]) {
    const everywhere = Array.from(text, (_, index) => index);
    expect(passed(createFilter(), text, everywhere, 1)).toBe(text);
  }
});

it('a head that does not end is held up to 4 kB', () => {
  const filter = createFilter();
  expect(filter(Buffer.from(`HTTP/1.1 100 ${'x'.repeat(4_000)}`), 1)).toBeNull();
  expect(filter(Buffer.from('x'.repeat(100)), 1)).toHaveLength(4_113);
});

it('before anything is sent nothing is left out: an answer to no post is refused', () => {
  const text = 'HTTP/1.1 100 Continue\r\n\r\n';
  expect(createFilter()(Buffer.from(text), 0)?.toString()).toBe(text);
});
