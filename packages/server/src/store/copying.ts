import { createThread } from '../platform/thread.ts';

/**
 * Copies what SQLite has committed from its log into the file, in a thread of its own: half of what a commit costs under
 * load is this copy and the disk that it waits for (docs/decisions/023). Where the thread falls behind or fails, the
 * writer copies by itself when the log has become very long (`wal_autocheckpoint`).
 */
export interface Copying {
  /** To be told of every commit. */
  committed(): void;
  close(): Promise<void>;
}

/** Commits between two copies; a sandbox that is seldom used never starts the thread. */
const commitsAtOnce = 100;
/**
 * From this many pages on nobody writes while the rest is copied: the log begins anew only when all
 * of it has been.
 */
const longLog = 12_000;

/** `whileNobodyWrites` runs its work when the transaction that is open has ended, and lets nobody begin before it has. */
export function createCopying(
  path: string,
  whileNobodyWrites: (work: () => Promise<void>) => Promise<void>,
): Copying {
  let commits = 0;
  let copies = false;
  let closed = false;
  let onCopied = (_pages: number) => {};
  const thread = createThread<'copy', number>({
    entry: new URL('./copying-thread.ts', import.meta.url),
    workerData: path,
    limits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 },
    onMessage: (pages) => {
      thread.rest();
      onCopied(pages);
    },
    onEnd: () => onCopied(0),
  });

  /** Answers how many pages the log has. */
  function copy(): Promise<number> {
    return new Promise((resolve) => {
      // A thread that is started after the end would be nobody's.
      if (closed) return resolve(0);
      onCopied = resolve;
      thread.post('copy');
    });
  }

  async function copyAll(): Promise<void> {
    const pages = await copy();
    if (pages < longLog) return;
    await whileNobodyWrites(async () => {
      await copy();
    });
  }

  return {
    committed: () => {
      commits += 1;
      if (commits < commitsAtOnce || copies) return;
      commits = 0;
      copies = true;
      // Without a thread the writer copies by itself, later.
      void copyAll()
        .catch(() => undefined)
        .finally(() => {
          copies = false;
        });
    },
    close: async () => {
      closed = true;
      await thread.stop();
      onCopied(0);
    },
  };
}
