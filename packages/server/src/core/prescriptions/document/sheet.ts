import { printable } from './text.ts';

type Pdf = PDFKit.PDFDocument;

interface Heading {
  readonly issuer: string;
  readonly title: string;
  readonly code: string;
  readonly facts: readonly (readonly [label: string, value: string])[];
}

interface Card {
  readonly title: string;
  readonly name: string;
  readonly facts: readonly string[];
}

/** A4 pages in the look of the house; every part begins below the one before. */
export interface Sheet {
  readonly pdf: Pdf;
  /** Begins a new page unless so much fits on this one. */
  room(height: number): boolean;
  heading(heading: Heading): Promise<void>;
  warning(text: string): void;
  cards(cards: readonly Card[]): void;
  section(title: string): void;
  paragraph(text: string): void;
  small(lines: readonly string[]): void;
  finish(footer: (page: number, pages: number) => readonly string[]): Promise<Buffer>;
}

export const ink = {
  text: '#1b1f24',
  faint: '#5f6b76',
  accent: '#0b5566',
  line: '#c9d1d8',
  alarm: '#b3261e',
};
export const margin = 50;
export const width = 595.28 - 2 * margin;
const footerHeight = 50;
const qrSize = 122;

export async function createSheet(info: { title: string; author: string; created: Date }): Promise<Sheet> {
  // Loaded with the first document.
  const { default: PdfDocument } = await import('pdfkit');
  const pdf = new PdfDocument({
    size: 'A4',
    margins: { top: margin, left: margin, right: margin, bottom: margin + footerHeight },
    bufferPages: true,
    lang: 'es',
    displayTitle: true,
    info: {
      Title: printable(info.title),
      Author: printable(info.author),
      CreationDate: info.created,
    },
  });
  const chunks: Buffer[] = [];
  pdf.on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = new Promise<Buffer>((resolve, reject) => {
    pdf.on('end', () => resolve(Buffer.concat(chunks)));
    pdf.on('error', reject);
  });
  const room = (height: number) => {
    if (pdf.y + height <= pdf.page.height - pdf.page.margins.bottom) return false;
    pdf.addPage();
    return true;
  };
  return {
    pdf,
    room,
    heading: (heading) => drawHeading(pdf, heading),
    warning: (text) => drawWarning(pdf, text),
    cards: (cards) => drawCards(pdf, cards),
    section: (title) => {
      room(60);
      pdf.moveDown(0.9).font('Helvetica-Bold').fontSize(11).fillColor(ink.accent);
      pdf.text(title, margin, pdf.y, { width }).moveDown(0.3);
    },
    paragraph: (text) => {
      pdf.font('Helvetica').fontSize(10).fillColor(ink.text);
      pdf.text(printable(text), margin, pdf.y, { width, lineGap: 2 });
    },
    small: (lines) => {
      room(20 + lines.length * 12);
      pdf.moveDown(1.5).font('Helvetica').fontSize(8.5).fillColor(ink.faint);
      for (const line of lines) pdf.text(printable(line), margin, pdf.y, { width, lineGap: 2 });
    },
    finish: (footer) => {
      drawFooters(pdf, footer);
      pdf.end();
      return closed;
    },
  };
}

async function drawHeading(pdf: Pdf, { issuer, title, code, facts }: Heading): Promise<void> {
  const { qrImage } = await import('./qr.ts');
  const textWidth = width - qrSize - 20;
  const left = margin + width - qrSize;
  // The quiet zone of the image stands in the margin, so that the modules end where the text does.
  pdf.image(await qrImage(code), left + 12, margin - 14, { width: qrSize });
  pdf.font('Helvetica').fontSize(10).fillColor(ink.faint);
  pdf.text(printable(issuer), margin, margin, { width: textWidth, height: 26, ellipsis: true });
  pdf.moveDown(0.3).font('Helvetica-Bold').fontSize(19).fillColor(ink.accent);
  pdf.text(title, { width: textWidth });
  pdf.moveDown(0.35).font('Courier-Bold').fontSize(17).fillColor(ink.text).text(code, { width: textWidth });
  pdf.moveDown(0.5).fontSize(9.5);
  for (const [label, value] of facts) {
    pdf.font('Helvetica').fillColor(ink.faint).text(`${label}: `, { width: textWidth, continued: true });
    pdf.fillColor(ink.text).text(printable(value));
  }
  const bottom = Math.max(pdf.y + 8, margin + qrSize - 10);
  pdf
    .moveTo(margin, bottom)
    .lineTo(margin + width, bottom)
    .lineWidth(1)
    .strokeColor(ink.accent)
    .stroke();
  pdf.y = bottom + 12;
}

function drawWarning(pdf: Pdf, text: string): void {
  const { y } = pdf;
  pdf.rect(margin, y, width, 26).lineWidth(1.5).strokeColor(ink.alarm).stroke();
  pdf.font('Helvetica-Bold').fontSize(12).fillColor(ink.alarm);
  pdf.text(text, margin, y + 8, { width, align: 'center' });
  pdf.y = y + 38;
}

function drawCards(pdf: Pdf, cards: readonly Card[]): void {
  const gap = 20;
  const cardWidth = (width - gap * (cards.length - 1)) / cards.length;
  const top = pdf.y;
  let bottom = top;
  cards.forEach(({ title, name, facts }, index) => {
    const options = { width: cardWidth };
    pdf.font('Helvetica-Bold').fontSize(11).fillColor(ink.accent);
    pdf.text(title, margin + index * (cardWidth + gap), top, options);
    pdf.moveDown(0.2).fontSize(11).fillColor(ink.text).text(printable(name), options);
    pdf.moveDown(0.15).font('Helvetica').fontSize(9.5);
    for (const fact of facts) pdf.text(printable(fact), { ...options, lineGap: 2 });
    bottom = Math.max(bottom, pdf.y);
  });
  pdf.y = bottom;
}

function drawFooters(pdf: Pdf, footer: (page: number, pages: number) => readonly string[]): void {
  const { count } = pdf.bufferedPageRange();
  for (let page = 0; page < count; page += 1) {
    pdf.switchToPage(page);
    // Else the text that stands in the margin would begin a new page.
    pdf.page.margins.bottom = 0;
    pdf.font('Helvetica').fontSize(8).fillColor(ink.faint);
    footer(page + 1, count).forEach((line, index) => {
      const y = pdf.page.height - margin - 8 + index * 12 - 12;
      pdf.text(printable(line), margin, y, { width, align: 'center', lineBreak: false });
    });
  }
}
