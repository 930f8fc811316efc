import fc from 'fast-check';
import { expect } from 'vitest';
import { advance as advanceModel } from '../contract/time.ts';
import { days, minutes } from '../contract/world.ts';
import { type Actions, action, siteAt, siteOf } from './action.ts';

/**
 * Never so that a sum of them is the very moment at which something falls due: the server's clock also ticks with real
 * time meanwhile.
 */
export const advance: Actions = action(
  'advance',
  fc.record({
    site: siteAt,
    seconds: fc.constantFrom(
      40,
      40,
      40,
      17 * minutes,
      17 * minutes,
      17 * minutes,
      4 * days,
      16 * days,
      31 * days,
    ),
  }),
  async (bench, { site: index, seconds }) => {
    const site = siteOf(bench.world, index);
    const path = `/_sandbox/v1/providers/${site.slug}/clock/advance`;
    const reply = await bench.call(site, 'POST', path, { seconds });
    expect(reply.status).toBe(200);
    advanceModel(bench.world, site, seconds);
  },
);
