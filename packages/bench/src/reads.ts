import { startBare } from './bare.ts';
import { flow, requests } from './flow.ts';
import { type Recorded, recording } from './recording.ts';
import type { Figure } from './report.ts';
import { startSandbox } from './sandbox.ts';
import { figuresOf, sideOf, versus } from './versus.ts';
import { inWorkplace } from './workplace.ts';

/** An authorization request with a file and an approval, and the authorization, each read by its id in turn. */
export function reads(): Promise<readonly Figure[]> {
  return inWorkplace(async ({ directory, using }) => {
    const sandbox = using(await startSandbox(directory));
    const provider = await sandbox.provider('clinic-bench');
    const side = sideOf(sandbox.url, sandbox.child, provider.token);
    using(side.client);

    const { call, answers } = recording((method, path, body) => side.client.call(method, path, body));
    await flow(call, provider);
    const paths = pathsOf(answers);
    for (const path of paths) await call('GET', path);

    // Initiating and reading one have different paths: the recorded answers tell them apart.
    const bare = using(await startBare(directory, answers));
    const other = sideOf(bare.url, bare.child, provider.token);
    using(other.client);
    const comparison = await versus(side, other, async (each) => {
      for (const path of paths) await each('GET', path);
    });
    return figuresOf(comparison, '0.7');
  });
}

function pathsOf(answers: readonly Recorded[]): string[] {
  const completed = answers.find(({ path }) => path.endsWith('/complete'))?.answer as {
    authorization_request_id: string;
    authorizations: { authorization_id: string }[];
  };
  const authorization_id = completed.authorizations[0]?.authorization_id;
  return [`${requests}/${completed.authorization_request_id}`, `/arc/v1/authorizations/${authorization_id}`];
}
