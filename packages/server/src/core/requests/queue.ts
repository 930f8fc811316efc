import type { EndedCall } from './call.ts';

/** What may wait. */
export interface Waiting {
  readonly calls: number;
  readonly bytes: number;
}

/** First in, first out; when it is full the oldest go. */
export function createQueue(most: Waiting, onDropped: () => void) {
  // What was taken leaves its place empty: whatever still points to it would keep it, and its texts, in memory.
  let calls: (EndedCall | undefined)[] = [];
  let head = 0;
  let bytes = 0;

  function takeOne(): EndedCall | undefined {
    const call = calls[head];
    if (call === undefined) return undefined;
    calls[head] = undefined;
    head += 1;
    bytes -= weightOf(call);
    if (head > 1_000 && head * 2 > calls.length) {
      calls = calls.slice(head);
      head = 0;
    }
    return call;
  }

  function dropExcess(): void {
    while (calls.length - head > most.calls || bytes > most.bytes) {
      if (takeOne() === undefined) return;
      onDropped();
    }
  }

  return {
    length: () => calls.length - head,
    add(call: EndedCall): void {
      calls.push(call);
      bytes += weightOf(call);
      dropExcess();
    },
    /** Up to so many, and no more bytes than these unless the first has more. */
    take(most: Waiting): EndedCall[] {
      const taken: EndedCall[] = [];
      const enough = Math.max(0, bytes - most.bytes);
      while (taken.length < most.calls && (bytes > enough || taken.length === 0)) {
        const call = takeOne();
        if (call === undefined) break;
        taken.push(call);
      }
      return taken;
    },
    putBack(earlier: readonly EndedCall[]): void {
      calls = [...earlier, ...calls.slice(head)];
      head = 0;
      for (const call of earlier) bytes += weightOf(call);
      dropExcess();
    },
  };
}

/** What it holds in memory, roughly. */
function weightOf({ request, request_kept, response }: EndedCall): number {
  return 1_000 + (request?.length ?? 0) + (request_kept?.length ?? 0) + (response?.length ?? 0);
}
