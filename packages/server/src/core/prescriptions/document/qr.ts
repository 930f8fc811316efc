/** PNG of the code as QR, with its quiet zone; readable when a corner of the paper is worn. */
export async function qrImage(code: string): Promise<Buffer> {
  const { toBuffer } = await import('qrcode');
  return toBuffer(code, { errorCorrectionLevel: 'M', margin: 4, scale: 10 });
}
