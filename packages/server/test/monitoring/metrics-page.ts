/** One series of a metrics page, as Prometheus keeps it: the name is a label like the others. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All series that stood on the pages of one moment. */
export interface Scrape {
  /** Seconds. */
  readonly at: number;
  readonly samples: readonly Sample[];
}

export function samplesOf(page: string): Sample[] {
  return page
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      if (name === '') throw new Error(`No sample: ${line}`);
      return { name, labels: labelsOf(labels), value: numberOf(value) };
    });
}

function labelsOf(text: string): Record<string, string> {
  const pairs = text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries([...pairs].map(([, name, value]) => [name, value]));
}

function numberOf(text: string): number {
  if (/^[+]?inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  return /^nan$/i.test(text) ? Number.NaN : Number(text);
}

interface Answered {
  readonly status: number;
  readonly text: string;
}

/** What Prometheus would keep of one visit: every series with job and instance, and whether the page came. */
export async function scrape(at: number, page: () => Promise<Answered>): Promise<Scrape> {
  const target = { job: 'osigu-sandbox', instance: 'test:4600' };
  const answer = await page().catch(() => undefined);
  const samples = answer?.status === 200 ? samplesOf(answer.text) : [];
  const up = { name: 'up', labels: target, value: answer?.status === 200 ? 1 : 0 };
  return {
    at,
    samples: [up, ...samples.map((each) => ({ ...each, labels: { ...each.labels, ...target } }))],
  };
}
