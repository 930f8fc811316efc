import { expect } from 'vitest';
import type { Method, Reply, TestProvider, TestSandbox } from '../harness.ts';
import type { Person } from './contract/sponsors.ts';
import { newWorld, type Site, type Verdict, type World } from './contract/world.ts';

/** One run: the model's world beside two providers of their own on the server. */
export interface Bench {
  readonly world: World;
  call(site: Site, method: Method, url: string, body?: unknown): Promise<Reply>;
  /** As this provider knows the person. */
  beneficiary(site: Site, person: Person): string;
}

export async function newBench(sandbox: TestSandbox): Promise<Bench> {
  const providers = [await sandbox.provider(), await sandbox.provider()];
  const providerOf = ({ slug }: Site): TestProvider => {
    const provider = providers.find((each) => each.slug === slug);
    if (provider === undefined) throw new Error(`No provider ${slug}`);
    return provider;
  };
  return {
    world: newWorld(providers.map(({ slug }) => slug)),
    call: (site, method, url, body) => providerOf(site).call(method, url, body),
    beneficiary: (site, { document_number }) => providerOf(site).beneficiary(document_number),
  };
}

/** Server and model say the same: the status of the answer and the code of the error. */
export function expectVerdict(
  { status, body }: Reply,
  verdict: Verdict,
  success: 200 | 201 | 204 = 200,
): void {
  const expected = verdict === 'done' ? success : statusOf(verdict);
  const code = verdict === 'done' ? undefined : verdict;
  expect({ status, code: body?.error_code }).toEqual({ status: expected, code });
}

/** A code tells its status, but for the one that Osigu documents. */
function statusOf(code: string): number {
  return code === '071-104' ? 422 : Number(code.slice(4, 7));
}
