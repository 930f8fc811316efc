/** One measured number. Only ratios and counts mean anything on another machine. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: '' | '/s' | 'ms' | 's' | 'MB';
  /** What we aim at (design, section 5), for the reader to compare. */
  readonly aim?: string;
  /** The run has failed when it is anything else: an error count, lost deliveries. */
  readonly mustBe?: number;
}

export function describe(name: string, figures: readonly Figure[]): string {
  const width = Math.max(...figures.map((figure) => figure.name.length));
  const lines = figures.map((figure) => {
    const value = `${shown(figure.value)}${figure.unit === '/s' ? '/s' : ` ${figure.unit}`}`.trim();
    const note =
      figure.mustBe !== undefined && figure.value !== figure.mustBe
        ? `FAILED, must be ${figure.mustBe}`
        : figure.aim && `aim ${figure.aim}`;
    return `  ${figure.name.padEnd(width)}  ${value.padStart(10)}${note ? `  (${note})` : ''}`;
  });
  return [name, ...lines, ''].join('\n');
}

function shown(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(2);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? Number.NaN;
}
