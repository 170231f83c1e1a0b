// From bytes to letters. All C, and all patches, are read as latin1, a letter a byte; what a person reads, and names of files, are UTF-8.

/** UTF-8 where it is that, latin1 where it is not. */
export function readable(latin1: string): string {
  if (!/[\x80-\xff]/.test(latin1)) return latin1;
  const text = Buffer.from(latin1, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? latin1 : text;
}
