import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createChain, type Link } from './chain.ts';

test('whatever leaves and comes, the first is the one that has been there longest', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant('add' as const), fc.nat(20)), { maxLength: 60 }), (steps) => {
      const chain = createChain<number>();
      const links: Link<number>[] = [];
      let there: number[] = [];
      for (const [item, step] of steps.entries()) {
        if (step === 'add') {
          links.push(chain.add(item));
          there.push(item);
        } else {
          const link = links[step];
          if (link === undefined) continue;
          // Also one that has left already.
          chain.remove(link);
          there = there.filter((other) => other !== link.item);
        }
        expect(chain.first()?.item).toBe(there[0]);
        expect(chain.isEmpty()).toBe(there.length === 0);
      }
    }),
    { seed: 20261128 },
  );
});

test('what has left points to nothing that is still there', () => {
  const chain = createChain<string>();
  const [first, second] = ['a', 'b', 'c'].map((item) => chain.add(item));
  if (first === undefined || second === undefined) throw new Error('no links');
  chain.remove(second);
  chain.remove(first);
  for (const { before, after } of [first, second]) expect([before, after]).toEqual([undefined, undefined]);
  expect(chain.first()?.item).toBe('c');
});
