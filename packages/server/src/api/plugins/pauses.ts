import { after } from '../../platform/time.ts';

/** Waits that a stop of the server cuts short. */
export interface Pauses {
  wait(milliseconds: number): Promise<void>;
  /** Ends those that wait; from now on nobody does. */
  end(): void;
}

export function createPauses(): Pauses {
  const waiting = new Set<() => void>();
  let ended = false;
  return {
    wait: (milliseconds) =>
      new Promise((resolve) => {
        if (ended) {
          resolve();
          return;
        }
        const wake = () => {
          cancel();
          waiting.delete(wake);
          resolve();
        };
        const cancel = after(milliseconds, wake);
        waiting.add(wake);
      }),
    end: () => {
      ended = true;
      for (const wake of [...waiting]) wake();
    },
  };
}
