import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

const database = new DatabaseSync(workerData as string);
const checkpoint = database.prepare('pragma wal_checkpoint(passive)');

/** Passive: waits for nobody, and nobody waits for it. Answers how many pages the log has. */
function copy(): number {
  try {
    return Number(checkpoint.get()?.log ?? 0);
  } catch {
    // A full disk, perhaps: the log stays as it is, and its next writer is told.
    return 0;
  }
}

parentPort?.on('message', () => parentPort?.postMessage(copy()));
