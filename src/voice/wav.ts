/** Bytes of the header that {@link wavSeconds} needs. */
export const WAV_HEADER_BYTES = 44;

/**
 * Seconds of sound in a PCM WAV file with the plain 44-byte header that espeak-ng writes; null when the header is of
 * another kind, or the file is shorter or longer than the header says (a power cut leaves such files).
 */
export function wavSeconds(header: Uint8Array, fileBytes: number): number | null {
  if (header.byteLength < WAV_HEADER_BYTES) return null;
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const tag = (at: number): string => String.fromCharCode(...header.subarray(at, at + 4));
  if (tag(0) !== 'RIFF' || tag(8) !== 'WAVE' || tag(12) !== 'fmt ' || tag(36) !== 'data') return null;
  const bytesPerSecond = view.getUint32(28, true);
  const dataBytes = view.getUint32(40, true);
  if (bytesPerSecond === 0 || dataBytes === 0 || dataBytes + WAV_HEADER_BYTES !== fileBytes) return null;
  return dataBytes / bytesPerSecond;
}
