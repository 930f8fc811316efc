import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs `work` in an empty directory that is gone afterwards, and closes what it opened, last first. */
export async function inWorkplace<T>(work: (place: Workplace) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'osigu-bench-'));
  const closers: (() => Promise<void>)[] = [];
  try {
    return await work({
      directory,
      using: (thing) => {
        closers.push(() => thing.stop());
        return thing;
      },
    });
  } finally {
    for (const close of closers.reverse()) await close();
    rmSync(directory, { recursive: true, force: true });
  }
}

export interface Workplace {
  readonly directory: string;
  using<T extends { stop(): Promise<void> }>(thing: T): T;
}
