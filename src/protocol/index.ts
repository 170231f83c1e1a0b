// The vocabulary in one place: steps, obligations, harms, locking, usages, errno. Imports nothing from outside its folder.

export * from './errno.ts';
export * from './harms.ts';
export * from './kernel-names.ts';
export * from './lifecycle.ts';
export * from './locking.ts';
export * from './monitor.ts';
export * from './obligations.ts';
export * from './steps.ts';
export * from './usage.ts';
