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
  /** `CallBodies[]`, one for each summary, compressed likewise. */
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
  const summaries = compressed(JSON.stringify(logged.map(({ summary }) => summary)));
  const bodies = compressed(textOf(logged.map((each) => each.bodies)));
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

export function summariesIn(summaries: Uint8Array): CallSummary[] {
  return JSON.parse(inflateRawSync(summaries).toString()) as CallSummary[];
}

/** The types and the lengths as one line of JSON, then the bodies: as JSON in JSON they would be half as long again. */
function textOf(bodies: readonly CallBodies[]): string {
  let text = '';
  const heads = bodies.map(({ request_type, request_body, response_type, response_body }) => {
    text += (request_body ?? '') + (response_body ?? '');
    return [request_type, request_body?.length ?? null, response_type, response_body?.length ?? null];
  });
  return `${JSON.stringify(heads)}\n${text}`;
}

type Head = [request_type: string | null, number | null, response_type: string | null, number | null];

export function bodiesIn(bodies: Uint8Array): CallBodies[] {
  const text = inflateRawSync(bodies).toString();
  const end = text.indexOf('\n');
  let at = end + 1;
  const next = (length: number | null): string | null => {
    if (length === null) return null;
    at += length;
    return text.slice(at - length, at);
  };
  const heads = JSON.parse(text.slice(0, end)) as Head[];
  return heads.map(([request_type, request, response_type, response]) => ({
    request_type,
    request_body: next(request),
    response_type,
    response_body: next(response),
  }));
}

function compressed(text: string): Uint8Array {
  // The calls of one provider are so alike that the fastest level shortens them to a tenth.
  return deflateRawSync(text, { level: 1 });
}
