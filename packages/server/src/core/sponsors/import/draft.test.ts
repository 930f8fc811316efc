import { describe, expect, test } from 'vitest';
import { sponsorFile } from '../test-profile.ts';
import { draftOf } from './draft.ts';

const wrong = (...paths: string[]) => paths.map((path) => ({ path, message: 'is wrong' }));

describe('a draft', () => {
  test('is the file without what is wrong with it, and every entry keeps its place', () => {
    const body = { aliases: ['a', 5, 'c'], latency: { seconds: -1, seed: 3 }, name: 'N' };
    const { file } = draftOf(body, wrong('aliases[1]', 'latency.seconds', 'currency_code', 'forms[0].label'));
    expect(file).toEqual({ aliases: ['a', undefined, 'c'], latency: { seed: 3 }, name: 'N' });
    expect(body.aliases).toEqual(['a', 5, 'c']);
  });

  test('is sound where neither the part itself nor anything in it nor anything around it is wrong', () => {
    const { isSound } = draftOf(sponsorFile, wrong('decision_rules[1].when.quantity_over', 'forms'));
    expect(
      ['decision_rules', 'decision_rules[1]', 'decision_rules[1].when', 'forms[0].label'].filter(isSound),
    ).toEqual([]);
    expect(['decision_rules[1].decision', 'decision_rules[10]', 'name', 'form'].filter(isSound)).toHaveLength(
      4,
    );
  });

  test('of what is no object at all is empty, and nothing of it is sound', () => {
    for (const body of [5, 'text', [1]]) {
      const { file, isSound } = draftOf(body, wrong(''));
      expect([file, isSound('name')]).toEqual([{}, false]);
    }
  });

  test('does not follow a path to what every object has', () => {
    const { file } = draftOf({ name: 'N' }, wrong('constructor.prototype', '__proto__.toString'));
    expect(file).toEqual({ name: 'N' });
    expect(typeof {}.toString).toBe('function');
  });
});
