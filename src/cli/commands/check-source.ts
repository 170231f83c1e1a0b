export async function checkSource(_args: readonly string[]): Promise<number> {
  return Promise.resolve(0);
}
