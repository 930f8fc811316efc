import type { MedicationRow } from '../store.ts';
import { nameOf } from '../view.ts';
import { ink, margin, type Sheet, width } from './sheet.ts';
import { printable } from './text.ts';

const columns = [
  { title: 'N.º', width: 28, align: 'left' },
  { title: 'Medicamento', width: 190, align: 'left' },
  { title: 'Cantidad', width: 58, align: 'right' },
  { title: 'Posología', width: 149, align: 'left' },
  { title: 'Duración', width: width - 425, align: 'left' },
] as const;
const padding = 5;

export function medicationTable(sheet: Sheet, medications: readonly MedicationRow[]): void {
  header(sheet);
  medications.forEach((line, index) => {
    row(sheet, [
      String(index + 1),
      `${nameOf(line)}\n${line.product_code}`,
      String(line.quantity),
      line.posology,
      durationOf(line),
    ]);
  });
}

function durationOf({ duration_days }: MedicationRow): string {
  if (duration_days === null) return 'no indicada';
  return duration_days === 1 ? '1 día' : `${duration_days} días`;
}

function header(sheet: Sheet): void {
  const { pdf } = sheet;
  pdf.rect(margin, pdf.y, width, 20).fillColor('#e8f0f2').fill();
  pdf.font('Helvetica-Bold').fontSize(9).fillColor(ink.accent);
  pdf.y += 6;
  cells(
    sheet,
    columns.map(({ title }) => title),
  );
  pdf.y += 14;
}

/** On the next page, under a header of its own, when it does not fit. */
function row(sheet: Sheet, texts: readonly string[]): void {
  const { pdf } = sheet;
  pdf.font('Helvetica').fontSize(9.5);
  const printed = texts.map(printable);
  const height = Math.max(
    ...columns.map((column, index) =>
      pdf.heightOfString(printed[index] ?? '', { width: column.width - 2 * padding }),
    ),
  );
  if (sheet.room(height + 2 * padding)) header(sheet);
  const top = pdf.y + padding;
  pdf.y = top;
  pdf.font('Helvetica').fontSize(9.5).fillColor(ink.text);
  cells(sheet, printed);
  pdf.y = top + height + padding;
  pdf
    .moveTo(margin, pdf.y)
    .lineTo(margin + width, pdf.y)
    .lineWidth(0.5)
    .strokeColor(ink.line)
    .stroke();
}

/** Side by side; the pen stays where the row begins. */
function cells({ pdf }: Sheet, texts: readonly string[]): void {
  const { y } = pdf;
  let x = margin;
  columns.forEach((column, index) => {
    pdf.text(texts[index] ?? '', x + padding, y, { width: column.width - 2 * padding, align: column.align });
    x += column.width;
  });
  pdf.y = y;
}
