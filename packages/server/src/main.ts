import { openBanner } from './banner.ts';
import { ConfigError, readConfig } from './config.ts';

/** What `npm start` does: read the settings, serve, say where, stop on a signal. A failure is one line and exit 1. */
export async function main(): Promise<void> {
  try {
    await run();
  } catch (error) {
    const line = error instanceof ConfigError ? error.message : `cannot start: ${describe(error)}`;
    process.stderr.write(`osigu-sandbox: ${line}\n`);
    process.exit(1);
  }
}

async function run(): Promise<void> {
  const config = readConfig(process.env);
  // A wrong setting is told without loading the server first.
  const { serve } = await import('./serve.ts');
  const running = await serve(config);
  // Nobody may be reading, and a disk that it goes to may be full: that is no reason to stop.
  process.stdout.on('error', () => {});
  process.stdout.write(openBanner(running.announcement));

  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    running.log.info({ signal }, 'stopping');
    // A connection that never ends must not hold the process: what is unfinished is due work and goes on later.
    running.exitAfter(14_000);
    await running.stop();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message.split('\n', 1)[0] ?? error.name;
}
