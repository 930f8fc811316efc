import jsQR from 'jsqr';
import { getDocument, OPS } from 'pdfjs-dist/legacy/build/pdf.mjs';

export interface ReadDocument {
  readonly pages: number;
  readonly size: readonly [width: number, height: number];
  readonly text: string;
  /** What a scanner reads from the first picture that is a QR. */
  readonly qr: string | undefined;
}

/** Reads a PDF as a person with a scanner would: its text, its pictures. */
export async function readPdf(bytes: Uint8Array): Promise<ReadDocument> {
  const task = getDocument({ data: new Uint8Array(bytes), verbosity: 0, isOffscreenCanvasSupported: false });
  const document = await task.promise;
  const texts: string[] = [];
  let qr: string | undefined;
  let size: [number, number] = [0, 0];
  for (let number = 1; number <= document.numPages; number += 1) {
    const page = await document.getPage(number);
    const { width, height } = page.getViewport({ scale: 1 });
    size = [Math.round(width), Math.round(height)];
    const { items } = await page.getTextContent();
    texts.push(items.map((item) => ('str' in item ? item.str : '')).join(' '));
    const operators = await page.getOperatorList();
    for (const [index, operator] of operators.fnArray.entries()) {
      if (operator !== OPS.paintImageXObject) continue;
      const [name] = operators.argsArray[index];
      qr ??= decode(await new Promise((resolve) => page.objs.get(name, resolve)));
    }
  }
  await task.destroy();
  return { pages: document.numPages, size, text: texts.join('\n').replace(/ +/g, ' '), qr };
}

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** Of 3 or 4 bytes a pixel, or one bit. */
function decode({ width, height, data }: Picture): string | undefined {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  const bytes = data.length / (width * height);
  const rowBytes = Math.ceil(width / 8);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const x = pixel % width;
    const bit = ((data[Math.floor(pixel / width) * rowBytes + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1;
    for (let channel = 0; channel < 3; channel += 1) {
      rgba[pixel * 4 + channel] =
        bytes < 1 ? bit * 255 : (data[Math.floor(pixel * bytes) + (bytes >= 3 ? channel : 0)] ?? 0);
    }
  }
  return jsQR.default(rgba, width, height)?.data;
}
