// The errno values that dma-buf calls return. Order is the encoding: index + 1 is the value in a packed state.

export const ERRNOS = ['EINVAL', 'ENODEV', 'EOPNOTSUPP', 'EBUSY', 'ENOMEM', 'EDEADLK', 'EALREADY', 'ERESTARTSYS', 'EINTR', 'ETIMEDOUT', 'EBADF', 'ENOENT', 'EMFILE', 'EOVERFLOW', 'EFAULT'] as const;

export type Errno = (typeof ERRNOS)[number];

/** 1 … n; 0 is success. */
export const errnoValue = (name: Errno): number => ERRNOS.indexOf(name) + 1;

export function isErrno(name: string): name is Errno {
  return (ERRNOS as readonly string[]).includes(name);
}
