import { after, realNow, second } from '../platform/time.ts';
import type { Bus } from '../store/bus.ts';

/** Every worker looks by itself once a second; what falls due later than that needs no telling. */
const soon = second;
const quiet = 20;

/** Tells the other processes that something falls due soon, a few dozen times a second at most. */
export function createDueBell(bus: Bus): (dueAtReal: number) => void {
  let earliest = Number.POSITIVE_INFINITY;
  return (dueAtReal) => {
    if (dueAtReal > realNow() + soon) return;
    if (earliest === Number.POSITIVE_INFINITY) {
      after(quiet, () => {
        const message = String(earliest);
        earliest = Number.POSITIVE_INFINITY;
        bus.publish('due', message);
      });
    }
    earliest = Math.min(earliest, dueAtReal);
  };
}
