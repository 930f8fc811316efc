/** The only module that reads the machine's clock or its timers. Everything else asks here or in engine/clock. */

/** Milliseconds since the epoch, real time. */
export function realNow(): number {
  return Date.now();
}

/** Milliseconds of a monotonic clock, for measuring how long something took. */
export function monotonicNow(): number {
  return performance.now();
}

/** ISO 8601, UTC, milliseconds, `Z`. */
export function isoTimestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

export function isoTimestampOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : isoTimestamp(milliseconds);
}

/** `YYYY-MM-DD` in UTC. */
export function isoDate(milliseconds: number): string {
  return isoTimestamp(milliseconds).slice(0, 10);
}

export function utcYear(milliseconds: number): number {
  return new Date(milliseconds).getUTCFullYear();
}

/** Reads an ISO 8601 timestamp that a schema has already checked. */
export function parseTimestamp(text: string): number {
  return new Date(text).getTime();
}

/** For a library that wants the platform's own date. */
export function toDate(milliseconds: number): Date {
  return new Date(milliseconds);
}

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** A timer that never keeps the process alive. Returns a function that cancels it. */
export function after(milliseconds: number, action: () => void): () => void {
  // Longer delays overflow the timer; whoever waits longer looks again when it fires.
  const timer = setTimeout(action, Math.min(Math.max(milliseconds, 0), 2_147_483_647));
  timer.unref();
  return () => clearTimeout(timer);
}

/** Repeats; never keeps the process alive. Returns a function that ends it. */
export function every(milliseconds: number, action: () => void): () => void {
  const timer = setInterval(action, milliseconds);
  timer.unref();
  return () => clearInterval(timer);
}

/** As soon as what has already arrived at the process's sockets has been looked at. */
export function afterArrivals(action: () => void): void {
  setImmediate(action);
}

/** What has arrived at the process's sockets by now has been accepted and read. */
export async function arrivals(): Promise<void> {
  // One turn may be half over, the next accepts connections, the one after it reads from them.
  for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => afterArrivals(resolve));
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
