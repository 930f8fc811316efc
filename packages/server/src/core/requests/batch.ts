import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { bodiesOf, type CallBodies } from './bodies.ts';
import { type CallSummary, type EndedCall, summaryOf } from './call.ts';

/** Calls of one provider in the order in which they ended, as they are stored. */
export interface Batch {
  readonly provider_id: string;
  /** The `log_id` of its first call. */
  readonly batch_id: string;
  readonly calls: number;
  readonly last_at_real: number;
  /** Of both texts. */
  readonly bytes: number;
  /** `CallSummary[]` as compressed JSON. */
  readonly summaries: Uint8Array;
  /** `CallBodies[]`, one for each summary. */
  readonly bodies: Uint8Array;
}

export interface Packed {
  readonly batches: readonly Batch[];
  /** Calls that could not be read. */
  readonly lost: number;
}

interface LoggedCall {
  readonly summary: CallSummary;
  readonly bodies: CallBodies;
}

/** Redacts and compresses; most of the cost of the log. */
export function packCalls(calls: readonly EndedCall[]): Packed {
  const byProvider = new Map<string, LoggedCall[]>();
  let lost = 0;
  for (const call of calls) {
    try {
      const logged = { summary: summaryOf(call), bodies: bodiesOf(call) };
      const others = byProvider.get(call.provider_id);
      if (others === undefined) byProvider.set(call.provider_id, [logged]);
      else others.push(logged);
    } catch {
      // One that cannot be written costs no other.
      lost += 1;
    }
  }
  return { batches: [...byProvider].flatMap(([provider_id, logged]) => batchOf(provider_id, logged)), lost };
}

/** One batch in the place of several small ones. */
export function mergeBatches(batches: readonly Batch[]): Batch[] {
  const logged = batches.flatMap(({ summaries, bodies }) => {
    const texts = bodiesIn(bodies);
    return summariesIn(summaries).flatMap((summary, index) => {
      const its = texts[index];
      return its === undefined ? [] : [{ summary, bodies: its }];
    });
  });
  const provider_id = batches[0]?.provider_id;
  return provider_id === undefined ? [] : batchOf(provider_id, logged);
}

function batchOf(provider_id: string, logged: readonly LoggedCall[]): Batch[] {
  const [first] = logged;
  if (first === undefined) return [];
  const summaries = compressed(logged.map(({ summary }) => summary));
  const bodies = compressed(logged.map((each) => each.bodies));
  return [
    {
      provider_id,
      batch_id: first.summary.log_id,
      calls: logged.length,
      last_at_real: logged.reduce((last, { summary }) => Math.max(last, summary.at_real), 0),
      bytes: summaries.length + bodies.length,
      summaries,
      bodies,
    },
  ];
}

export function summariesIn(compressedText: Uint8Array): CallSummary[] {
  return JSON.parse(inflateRawSync(compressedText).toString()) as CallSummary[];
}

export function bodiesIn(compressedText: Uint8Array): CallBodies[] {
  return JSON.parse(inflateRawSync(compressedText).toString()) as CallBodies[];
}

function compressed(value: unknown): Uint8Array {
  // The calls of one provider are so alike that the fastest level shortens them to a tenth.
  return deflateRawSync(JSON.stringify(value), { level: 1 });
}
