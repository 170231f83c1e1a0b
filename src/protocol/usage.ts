// dma_resv usages in their order: a query for a level returns every fence at or below it (SEMANTICS A5.1).

export const USAGES = ['KERNEL', 'WRITE', 'READ', 'BOOKKEEP'] as const;

export type Usage = (typeof USAGES)[number];

export const usageLevel = (usage: Usage): number => USAGES.indexOf(usage);

export function isUsage(word: string): word is Usage {
  return (USAGES as readonly string[]).includes(word);
}
